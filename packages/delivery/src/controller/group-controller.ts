/** Writes what is to be said of ReleaseGroups. What their members do, the controller of Applications decides. */
import type { KubeClient } from '@slipway/kube/client';
import type { Controller } from '@slipway/kube/controller';
import { source, type ControllerSource } from '@slipway/kube/controller-runtime';
import { isSameJson } from '@slipway/kube/json-equality';
import { keyOf, type ObjectKey } from '@slipway/kube/object';
import { releaseGroups, type ReleaseGroup, type ReleaseGroupStatus } from '../api/release-group.ts';
import { calculateGroupStatus, type GroupObservation } from '../order/group-status.ts';
import { cycleThrough, groupsOf, knownAmong, membersOf, type CompanionCaches } from './companion-cache.ts';
import { writeStatus } from './writing.ts';

export function createGroupController(
  caches: CompanionCaches,
  client: KubeClient,
): Controller<GroupObservation, never, ReleaseGroupStatus> {
  return {
    name: 'releasegroup',
    observe: (key) => {
      const group = caches.groups.get(key);
      return group === undefined ? undefined : observeGroup(caches, group);
    },
    reconcile: (observation, now) => ({ actions: [], status: calculateGroupStatus(observation, now) }),
    apply: async ({ status }, { group }) => {
      if (status === undefined || isSameJson(status, group.status)) return;
      const { resourceVersion } = group.metadata;
      await writeStatus(client, { type: releaseGroups, key: keyOf(group), status, resourceVersion });
    },
  };
}

function observeGroup(caches: CompanionCaches, group: ReleaseGroup): GroupObservation {
  const keys = membersOf(group);
  const cycle = keys.map((key) => cycleThrough(caches, key)).find((each) => each !== undefined);
  return { group, known: knownAmong(caches, keys), cycle };
}

export function createGroupSources(caches: CompanionCaches): readonly ControllerSource[] {
  const holding = (key: ObjectKey): readonly ObjectKey[] => groupsOf(caches, key).map(keyOf);
  return [
    source(caches.groups, ({ current }) => (current === undefined ? [] : [keyOf(current)])),
    source(caches.applications, ({ current, old }) =>
      [current ?? old].flatMap((each) => (each ? holding(keyOf(each)) : [])),
    ),
    // Of the candidate that the Application names.
    source(caches.releases, ({ current, old }) =>
      current === undefined || old !== undefined ? [] : holding({ ...keyOf(current), name: current.spec.application }),
    ),
  ];
}
