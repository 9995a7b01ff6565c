/** Notes what a look writes, so that the next one is not made with copies from before it. */
import type { KubeClient, WriteOptions } from '@slipway/kube/client';
import type { Informer } from '@slipway/kube/informer';
import type { KubeObject, ObjectKey, ResourceType } from '@slipway/kube/object';
import type { OwnWrites, Patience } from '@slipway/kube/own-writes';
import { configMaps, jobs, podDisruptionBudgets, pods, replicaSets, secrets, services } from '@slipway/kube/resources';
import { splits } from '@slipway/kube/split';
import { applications } from '../api/application.ts';
import { releaseApprovals } from '../api/release-approval.ts';
import { releaseCommands } from '../api/release-command.ts';
import { releases } from '../api/release.ts';
import type { Caches } from './caches.ts';

/**
 * Every write is safe against an old copy, by what it was decided on: to wait saves looks that come to nothing and writes
 * that are refused. So it is not long, for a copy that stays behind must not keep a release from its end.
 */
export const patience: Patience = { forgetAfterMilliseconds: 1_000, lookAgainMilliseconds: 50 };

export interface NotedWrites {
  /** Of the Application that is looked at. */
  readonly key: ObjectKey;
  readonly writes: Pick<OwnWrites, 'wrote' | 'deleted'>;
  readonly caches: Caches;
}

/** The same client; what it writes of the kinds that a look is made with counts as unseen until the copies show it. */
export function noteWrites(client: KubeClient, { key, writes, caches }: NotedWrites): KubeClient {
  const note = <T extends KubeObject>(type: ResourceType, written: T, options: WriteOptions | undefined): T => {
    const copy = copyOf(type, caches);
    if (copy !== undefined && options?.dryRun !== true) writes.wrote(key, copy, written);
    return written;
  };
  return {
    get: (type, of, options) => client.get(type, of, options),
    list: (type, options) => client.list(type, options),
    watch: (type, options) => client.watch(type, options),
    create: async (type, object, options) => note(type, await client.create(type, object, options), options),
    update: async (type, object, options) => note(type, await client.update(type, object, options), options),
    patch: async (type, of, patch, options) => note(type, await client.patch(type, of, patch, options), options),
    delete: async (type, of, options) => {
      const copy = copyOf(type, caches);
      const seen = copy?.get(of);
      await client.delete(type, of, options);
      if (copy !== undefined && seen !== undefined) writes.deleted(key, copy, seen);
    },
    deleteCollection: (type, selection, options) => client.deleteCollection(type, selection, options),
    request: (request) => client.request(request),
  };
}

type Copy = Pick<Informer<KubeObject>, 'get' | 'resourceVersion'>;

/** Undefined: no look is made with it. */
function copyOf(type: ResourceType, caches: Caches): Copy | undefined {
  const copies: readonly (readonly [ResourceType, Copy])[] = [
    [applications, caches.applications],
    [releases, caches.releases],
    [releaseCommands, caches.commands],
    [releaseApprovals, caches.approvals],
    [replicaSets, caches.replicaSets],
    [pods, caches.pods],
    [services, caches.services],
    [jobs, caches.jobs],
    [podDisruptionBudgets, caches.budgets],
    [splits, caches.splits],
    [configMaps, caches.configMaps],
    [secrets, caches.secrets],
  ];
  return copies.find(([{ group, plural }]) => group === type.group && plural === type.plural)?.[1];
}
