/** What one object takes of a ResourceQuota. https://kubernetes.io/docs/concepts/policy/resource-quotas/ */
import type { PersistentVolumeClaim, Pod, ResourceList, Service } from '@slipway/kube/api.generated';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { limitsOf, requestsOf } from './pod-usage.ts';

type Kind = Pick<ResourceType, 'group' | 'plural'>;

/** Kinds that quotas may count by their plain name. */
const plainKinds: ReadonlySet<string> = new Set([
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
]);

/** Objects are never changed, and quantities are slow to read. */
const remembered = new WeakMap<KubeObject, ResourceList>();

export function usageOf(type: Kind, object: KubeObject): ResourceList {
  const known = remembered.get(object);
  if (known !== undefined) return known;
  const usage = { [countName(type)]: '1', ...(type.group === '' ? coreUsage(type.plural, object) : {}) };
  remembered.set(object, usage);
  return usage;
}

/** `count/deployments.apps`. */
function countName({ group, plural }: Kind): string {
  return `count/${plural}${group === '' ? '' : `.${group}`}`;
}

/** Whether objects of that kind can take of a resource that a quota names. */
export function isTakenBy(resource: string, type: Kind): boolean {
  if (resource.startsWith('count/')) return resource === countName(type);
  return type.group === '' && kindTaking(resource) === type.plural;
}

function kindTaking(resource: string): string {
  if (plainKinds.has(resource)) return resource;
  if (resource.startsWith('services.')) return 'services';
  return resource === 'requests.storage' || resource.includes('.storageclass.storage.k8s.io/')
    ? 'persistentvolumeclaims'
    : 'pods';
}

function coreUsage(plural: string, object: KubeObject): ResourceList {
  switch (plural) {
    case 'pods':
      return podUsage(object);
    case 'services':
      return serviceUsage(object);
    case 'persistentvolumeclaims':
      return claimUsage(object);
    default:
      return plainKinds.has(plural) ? { [plural]: '1' } : {};
  }
}

/** What has ended takes nothing any more but its place among the objects. */
function podUsage(pod: Pod): ResourceList {
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') return {};
  const requests = Object.entries(requestsOf(pod));
  const limits = Object.entries(limitsOf(pod));
  return {
    pods: '1',
    ...Object.fromEntries(requests.filter(([name]) => !name.includes('/'))),
    ...Object.fromEntries(requests.map(([name, quantity]) => [`requests.${name}`, quantity])),
    ...Object.fromEntries(limits.map(([name, quantity]) => [`limits.${name}`, quantity])),
  };
}

function serviceUsage({ spec }: Service): ResourceList {
  const isBalanced = spec?.type === 'LoadBalancer';
  const ports = spec?.ports?.length ?? 0;
  const takesPorts = spec?.type === 'NodePort' || (isBalanced && spec.allocateLoadBalancerNodePorts !== false);
  return {
    services: '1',
    'services.loadbalancers': isBalanced ? '1' : '0',
    'services.nodeports': takesPorts ? String(ports) : '0',
  };
}

function claimUsage({ spec }: PersistentVolumeClaim): ResourceList {
  const storage = spec?.resources?.requests?.['storage'] ?? '0';
  const { storageClassName = '' } = spec ?? {};
  const prefix = `${storageClassName}.storageclass.storage.k8s.io`;
  return {
    persistentvolumeclaims: '1',
    'requests.storage': storage,
    ...(storageClassName === ''
      ? {}
      : { [`${prefix}/requests.storage`]: storage, [`${prefix}/persistentvolumeclaims`]: '1' }),
  };
}
