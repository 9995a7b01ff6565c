import type { ResourceList, ResourceQuota, ResourceQuotaSpec } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import { compareQuantities, parseQuantityMilli } from '@slipway/kube/quantity';
import { resourceQuotas } from '@slipway/kube/resources';
import { age } from '../columns.ts';
import type { Fault } from '../definition.ts';
import { define } from '../entry.ts';
import { invalid, misnamed } from '../faults.ts';
import { goStrings } from '../go-text.ts';
import { dns1123Subdomain, qualifiedKey } from '../names.ts';

/** Counted in whole objects. */
const countedKinds = [
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
  'services.loadbalancers',
  'services.nodeports',
];

const measured = ['cpu', 'memory', 'ephemeral-storage'];

const quotaResources: ReadonlySet<string> = new Set([
  ...countedKinds,
  ...measured.flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
  'requests.storage',
]);

export const resourceQuota = define<ResourceQuota>({
  type: resourceQuotas,
  schemaType: 'io.k8s.api.core.v1.ResourceQuota',
  shortNames: ['quota'],
  hasStatus: true,
  nameRule: dns1123Subdomain,
  bareColumns: true,
  columns: [
    { name: 'Name', cell: ({ metadata }) => metadata.name ?? '' },
    { name: 'Age', cell: ({ metadata }, now) => age(metadata.creationTimestamp, now) },
    { name: 'Request', cell: (quota) => usageText(quota, (resource) => !isLimit(resource)) },
    { name: 'Limit', cell: (quota) => usageText(quota, isLimit) },
  ],
  validate: ({ spec = {} }) => [...validateHard(spec.hard ?? {}), ...validateScopes(spec)],
  validateUpdate: (object, old) =>
    isSameJson(object.spec?.scopes ?? [], old.spec?.scopes ?? [])
      ? []
      : [invalid('spec.scopes', goStrings(object.spec?.scopes), 'field is immutable')],
});

function isLimit(resource: string): boolean {
  return resource.startsWith('limits.');
}

function usageText({ status = {} }: ResourceQuota, isShown: (resource: string) => boolean): string {
  const { hard = {}, used = {} } = status;
  return Object.entries(hard)
    .filter(([resource]) => isShown(resource))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([resource, limit]) => `${resource}: ${used[resource] ?? 0}/${limit}`)
    .join(', ');
}

function validateHard(hard: ResourceList): readonly Fault[] {
  return Object.entries(hard).flatMap(([resource, quantity]) => {
    const field = `spec.hard[${resource}]`;
    const isCounted = countedKinds.includes(resource);
    const isWhole = (parseQuantityMilli(quantity) ?? 0n) % 1_000n === 0n;
    return [
      ...misnamed(field, resource, qualifiedKey),
      ...(resource.includes('/') || quotaResources.has(resource) || /^(?:requests\.)?hugepages-/.test(resource)
        ? []
        : [invalid(field, resource, 'must be a standard resource for quota')]),
      ...(compareQuantities(quantity, 0) < 0
        ? [invalid(field, String(quantity), 'must be greater than or equal to 0')]
        : []),
      ...(isCounted && !isWhole ? [invalid(field, String(quantity), 'must be an integer')] : []),
    ];
  });
}

const scopes = [
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'PriorityClass',
  'Terminating',
];
const opposites = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;
const podResources: ReadonlySet<string> = new Set([
  'pods',
  ...measured.flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
]);

function validateScopes({ scopes: given = [], hard = {} }: ResourceQuotaSpec): readonly Fault[] {
  const field = 'spec.scopes';
  const unfit = Object.keys(hard).find((resource) => !fitsScopes(resource, given));
  return [
    ...given
      .filter((scope) => !scopes.includes(scope))
      .map(() => invalid(field, goStrings(given), 'unsupported scope')),
    ...(unfit === undefined ? [] : [invalid(field, goStrings(given), 'unsupported scope applied to resource')]),
    ...opposites
      .filter(([one, other]) => given.some((scope) => scope === one) && given.some((scope) => scope === other))
      .map(() => invalid(field, goStrings(given), 'conflicting scopes')),
  ];
}

/** Scopes speak of pods; those without any request have nothing but their number. */
function fitsScopes(resource: string, given: readonly string[]): boolean {
  if (given.length === 0) return true;
  return given.includes('BestEffort') ? resource === 'pods' : podResources.has(resource);
}
