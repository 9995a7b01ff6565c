/** Whether what an object takes fits into what a ResourceQuota has left, in the words of Kubernetes. */
import type { Container, Pod, ResourceList, ResourceQuota } from '@slipway/kube/api.generated';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { addQuantities, compareQuantities, subtractQuantities } from '@slipway/kube/quantity';
import { pods } from '@slipway/kube/resources';
import { isTakenBy, usageOf } from './object-usage.ts';
import { isInScope } from './quota-scopes.ts';

export interface QuotaRequest {
  readonly type: ResourceType;
  readonly object: KubeObject;
  /** Absent on create. */
  readonly old: KubeObject | undefined;
}

/** Kinds of which a quota bounds something, each in one version. */
export function countedTypes(quota: ResourceQuota, served: readonly ResourceType[]): readonly ResourceType[] {
  const hard = Object.keys(quota.spec?.hard ?? {});
  const counted = served.filter((type) => type.namespaced && hard.some((resource) => isTakenBy(resource, type)));
  return [...new Map(counted.toReversed().map((type) => [`${type.plural}.${type.group}`, type])).values()];
}

/** Of a quota that the object is subject to; undefined of any other. */
export function takenOf(
  quota: ResourceQuota,
  type: Pick<ResourceType, 'group' | 'plural'>,
  object: KubeObject,
): ResourceList | undefined {
  const hard = Object.keys(quota.spec?.hard ?? {}).filter((resource) => isTakenBy(resource, type));
  const isPod = type.group === '' && type.plural === pods.plural;
  if (hard.length === 0 || !isInScope(quota, isPod ? object : undefined)) return undefined;
  const usage = usageOf(type, object);
  return Object.fromEntries(hard.flatMap((name) => (usage[name] === undefined ? [] : [[name, usage[name]]])));
}

/** Undefined: it fits, or does not matter. `used` is what there is already, the object itself as it was included. */
export function checkQuota(
  quota: ResourceQuota,
  { type, object, old }: QuotaRequest,
  used: () => ResourceList,
): string | undefined {
  const taken = takenOf(quota, type, object);
  if (taken === undefined) return undefined;
  const name = quota.metadata.name ?? '';
  const missing = old === undefined && type === pods ? missingRequirements(object, quota) : '';
  if (missing !== '') return `failed quota: ${name}: must specify ${missing}`;
  const before = old === undefined ? {} : (takenOf(quota, type, old) ?? {});
  const asked = Object.entries(taken)
    .map(([resource, amount]) => [resource, subtractQuantities(amount, before[resource] ?? 0)] as const)
    .filter(([, amount]) => compareQuantities(amount, 0) > 0);
  if (asked.length === 0) return undefined;
  return overrun({ name, hard: quota.spec?.hard ?? {}, asked: Object.fromEntries(asked), used: used() });
}

interface Overrun {
  readonly name: string;
  readonly hard: ResourceList;
  readonly asked: ResourceList;
  readonly used: ResourceList;
}

function overrun({ name, hard, asked, used }: Overrun): string | undefined {
  const exceeded = Object.entries(asked)
    .filter(
      ([resource, amount]) => compareQuantities(addQuantities(used[resource] ?? 0, amount), hard[resource] ?? 0) > 0,
    )
    .map(([resource]) => resource)
    .toSorted();
  if (exceeded.length === 0) return undefined;
  const text = (list: ResourceList): string =>
    exceeded.map((resource) => `${resource}=${list[resource] ?? 0}`).join(',');
  return `exceeded quota: ${name}, requested: ${text(asked)}, used: ${text(used)}, limited: ${text(hard)}`;
}

/** A quota of computing resources can only count pods that say what they need: `limits.cpu for: a,b; memory for: a`. */
function missingRequirements({ spec }: Pod, quota: ResourceQuota): string {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const names = Object.keys(quota.spec?.hard ?? {}).filter((name) =>
    /^(?:(?:requests|limits)\.)?(?:cpu|memory)$/.test(name),
  );
  return names
    .toSorted()
    .flatMap((name) => {
      const without = containers.filter((container) => !says(container, name));
      return without.length === 0 ? [] : [`${name} for: ${without.map((container) => container.name).join(',')}`];
    })
    .join('; ');
}

function says({ resources }: Container, name: string): boolean {
  const [side, resource = side] = name.split('.');
  return resources?.[side === 'limits' ? 'limits' : 'requests']?.[resource ?? ''] !== undefined;
}
