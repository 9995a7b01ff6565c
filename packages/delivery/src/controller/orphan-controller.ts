/** What people ask of an Application that is not there: nobody will answer it, and the next one of its name must not. */
import type { KubeClient } from '@slipway/kube/client';
import type { Controller, Plan } from '@slipway/kube/controller';
import { source, type ControllerSource } from '@slipway/kube/controller-runtime';
import type { Informer } from '@slipway/kube/informer';
import { keyOf, type ResourceType } from '@slipway/kube/object';
import type { Application } from '../api/application.ts';
import type { ReleaseApproval } from '../api/release-approval.ts';
import type { ReleaseCommand } from '../api/release-command.ts';
import { byApplication } from './companion-cache.ts';
import { deleteSeen } from './writing.ts';

type Wish = ReleaseCommand | ReleaseApproval;

/** Of one kind. */
interface Wishes<T extends Wish> {
  readonly type: ResourceType<T>;
  /** By `namespace/application`. */
  readonly cache: Informer<T>;
  readonly applications: Informer<Application>;
}

interface ObservedWish<T extends Wish> {
  readonly wish: T;
  readonly isOrphan: boolean;
}

/** It may have been created just before its Application, or be seen before that. */
const graceMilliseconds = 60_000;

export function createOrphanController<T extends Wish>(
  { type, cache, applications }: Wishes<T>,
  client: KubeClient,
): Controller<ObservedWish<T>, T> {
  return {
    name: `orphaned-${type.plural}`,
    observe: (key) => {
      const wish = cache.get(key);
      if (wish === undefined) return undefined;
      const { namespace } = wish.metadata;
      return { wish, isOrphan: applications.get({ namespace, name: wish.spec.application }) === undefined };
    },
    reconcile: planWish,
    apply: async ({ actions }) => {
      for (const wish of actions) await deleteSeen(client, type, wish);
    },
  };
}

function planWish<T extends Wish>({ wish, isOrphan }: ObservedWish<T>, now: number): Plan<T> {
  if (!isOrphan) return { actions: [] };
  const left = Date.parse(wish.metadata.creationTimestamp ?? '') + graceMilliseconds - now;
  return left > 0 ? { actions: [], requeueAfter: left } : { actions: [wish] };
}

export function createOrphanSources<T extends Wish>({ cache, applications }: Wishes<T>): readonly ControllerSource[] {
  return [
    source(cache, ({ current, old }) => (current === undefined || old !== undefined ? [] : [keyOf(current)])),
    source(applications, ({ current, old }) => {
      if (current !== undefined || old === undefined) return [];
      const { namespace = '', name = '' } = old.metadata;
      return cache.byIndex(byApplication, `${namespace}/${name}`).map(keyOf);
    }),
  ];
}
