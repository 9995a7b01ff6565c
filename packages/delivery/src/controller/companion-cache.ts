/** Which Applications are released in one order, found in the caches. */
import type { Informer, InformerChange } from '@slipway/kube/informer';
import { keyOf, type ObjectKey } from '@slipway/kube/object';
import type { Application } from '../api/application.ts';
import type { ReleaseGroup } from '../api/release-group.ts';
import type { Release } from '../api/release.ts';
import { isOurs } from '../names.ts';
import {
  findCycle,
  membersBefore,
  noCompanions,
  predecessorsOf,
  type Companion,
  type Companions,
} from '../order/companions.ts';

export interface CompanionCaches {
  readonly applications: Informer<Application>;
  /** By `namespace/application`. */
  readonly releases: Informer<Release>;
  readonly groups: Informer<ReleaseGroup>;
}

export const byApplication = 'application';
const byDependency = 'dependency';
const byMember = 'member';

/** Applications by what they depend on. */
export const dependencyIndex = {
  [byDependency]: ({ metadata, spec }: Application): readonly string[] =>
    (spec.dependsOn ?? []).map((name) => indexKey({ namespace: metadata.namespace, name })),
};

export const memberIndex = { [byMember]: (group: ReleaseGroup): readonly string[] => membersOf(group).map(indexKey) };

export function membersOf({ metadata, spec }: ReleaseGroup): readonly ObjectKey[] {
  return spec.members.map((name) => ({ namespace: metadata.namespace, name }));
}

/** Those that were or are in it, where that or their order has changed. */
export function membersOfChange({ current, old }: InformerChange<ReleaseGroup>): readonly ObjectKey[] {
  const isSame = current !== undefined && current.metadata.generation === old?.metadata.generation;
  return isSame ? [] : [current, old].flatMap((group) => (group === undefined ? [] : membersOf(group)));
}

export function groupsOf({ groups }: Pick<CompanionCaches, 'groups'>, key: ObjectKey): readonly ReleaseGroup[] {
  return groups.byIndex(byMember, indexKey(key));
}

/** Those that look at an Application before they go on, or back. */
export function followersOf(caches: Omit<CompanionCaches, 'releases'>, key: ObjectKey): readonly ObjectKey[] {
  const dependents = caches.applications.byIndex(byDependency, indexKey(key)).map(keyOf);
  return [...dependents, ...groupsOf(caches, key).flatMap(membersOf)];
}

export function companionsOf(caches: CompanionCaches, application: Application): Companions {
  const { name = '' } = application.metadata;
  const groups = groupsOf(caches, keyOf(application)).toSorted(byName);
  const named = predecessorsOf(application, groups).map((each) => each.name);
  const together = groups.filter(({ spec }) => spec.abortTogether === true).flatMap(({ spec }) => spec.members);
  const names = new Set([...named, ...together]);
  names.delete(name);
  if (names.size === 0 && groups.length === 0) return noCompanions;
  const { namespace } = application.metadata;
  return {
    groups,
    known: knownAmong(
      caches,
      [...names].map((each) => ({ namespace, name: each })),
    ),
    cycle: cycleThrough(caches, keyOf(application)),
  };
}

export function knownAmong(caches: CompanionCaches, keys: readonly ObjectKey[]): ReadonlyMap<string, Companion> {
  return new Map(
    keys.flatMap((key) => {
      const companion = findCompanion(caches, key);
      return companion === undefined ? [] : [[key.name, companion] as const];
    }),
  );
}

/** Of a group the member right before stands for all of those before. */
export function cycleThrough(caches: CompanionCaches, { namespace, name }: ObjectKey): readonly string[] | undefined {
  return findCycle(name, (each) => {
    const key = { namespace, name: each };
    const depends = caches.applications.get(key)?.spec.dependsOn ?? [];
    return [...depends, ...groupsOf(caches, key).flatMap((group) => membersBefore(group, each).slice(-1))];
  });
}

function findCompanion({ applications, releases }: CompanionCaches, key: ObjectKey): Companion | undefined {
  const application = applications.get(key);
  if (application === undefined) return undefined;
  const { uid = '' } = application.metadata;
  // Of an Application of the same name that is gone: none of its own.
  const own = releases.byIndex(byApplication, indexKey(key)).filter((release) => isOurs(release, uid));
  return { application, releases: own };
}

function byName(a: ReleaseGroup, b: ReleaseGroup): number {
  return (a.metadata.name ?? '').localeCompare(b.metadata.name ?? '');
}

function indexKey({ namespace = '', name }: ObjectKey): string {
  return `${namespace}/${name}`;
}
