import type { ResourceList, ResourceQuota, ResourceQuotaStatus } from '@slipway/kube/api.generated';
import type { Plan } from '@slipway/kube/controller';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { takenOf } from '../../quota/check-quota.ts';
import { sumLists } from '../../quota/pod-usage.ts';
import { isSemanticallyEqual } from '../semantic-equality.ts';

export interface CountedObject {
  readonly type: Pick<ResourceType, 'group' | 'plural'>;
  readonly object: KubeObject;
}

export interface QuotaObserved {
  readonly quota: ResourceQuota;
  /** In its namespace, of the kinds that it speaks of. */
  readonly objects: readonly CountedObject[];
}

/** What is used of each resource that is bounded; what nothing takes is 0. */
export function reconcileQuota({ quota, objects }: QuotaObserved): Plan<never, ResourceQuotaStatus> {
  const hard = quota.spec?.hard ?? {};
  const taken = objects.reduce<ResourceList>(
    (sum, { type, object }) => sumLists(sum, takenOf(quota, type, object) ?? {}),
    {},
  );
  const used = Object.fromEntries(Object.keys(hard).map((resource) => [resource, taken[resource] ?? '0']));
  const status = { hard, used };
  return { actions: [], status: isSemanticallyEqual(status, quota.status) ? undefined : status };
}
