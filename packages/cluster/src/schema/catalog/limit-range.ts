import type { LimitRange, LimitRangeItem, ResourceList } from '@slipway/kube/api.generated';
import { compareQuantities, quantityMilliValue } from '@slipway/kube/quantity';
import { limitRanges } from '@slipway/kube/resources';
import type { Fault } from '../definition.ts';
import { define } from '../entry.ts';
import { duplicate, forbidden, invalid, misnamed, required } from '../faults.ts';
import { dns1123Subdomain, qualifiedKey } from '../names.ts';

const types = ['Pod', 'Container', 'PersistentVolumeClaim'];

export const limitRange = define<LimitRange>({
  type: limitRanges,
  createdByUpdate: true,
  schemaType: 'io.k8s.api.core.v1.LimitRange',
  shortNames: ['limits'],
  nameRule: dns1123Subdomain,
  bareColumns: true,
  columns: [
    { name: 'Name', cell: ({ metadata }) => metadata.name ?? '' },
    { name: 'Created At', cell: ({ metadata }) => metadata.creationTimestamp ?? '' },
  ],
  defaults: (object) =>
    object.spec === undefined
      ? object
      : { ...object, spec: { ...object.spec, limits: (object.spec.limits ?? []).map(defaultItem) } },
  validate: ({ spec }) => {
    const limits = spec?.limits ?? [];
    return limits.flatMap((item, index) => [
      ...validateItem(item, `spec.limits[${index}]`),
      ...(limits.findIndex(({ type }) => type === item.type) < index
        ? [duplicate(`spec.limits[${index}].type`, item.type)]
        : []),
    ]);
  },
});

/** What a container may have at most is what it gets, and what it gets at most is what it is promised. */
function defaultItem(item: LimitRangeItem): LimitRangeItem {
  if (item.type !== 'Container') return item;
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  return {
    ...item,
    ...(Object.keys(limits).length === 0 ? {} : { default: limits }),
    ...(Object.keys(requests).length === 0 ? {} : { defaultRequest: requests }),
  };
}

function validateItem(item: Partial<LimitRangeItem>, path: string): readonly Fault[] {
  const { type = '', min = {}, max = {}, maxLimitRequestRatio = {} } = item;
  const defaults = type === 'Pod' ? [] : [item.default, item.defaultRequest];
  const names = new Set([min, max, maxLimitRequestRatio, ...defaults].flatMap((list) => Object.keys(list ?? {})));
  return [
    ...validateType(type, `${path}.type`),
    ...(type === 'Pod' ? noDefaults(item, path) : []),
    ...(type === 'PersistentVolumeClaim' && min['storage'] === undefined && max['storage'] === undefined
      ? [required(`${path}.limits`, 'either minimum or maximum storage value is required, but neither was provided')]
      : []),
    ...[...names].flatMap((name) => validateResource(name, item, path)),
  ];
}

function validateType(type: string, field: string): readonly Fault[] {
  return [
    ...misnamed(field, type, qualifiedKey),
    ...(type.includes('/') || types.includes(type)
      ? []
      : [invalid(field, type, 'must be a standard limit type or fully qualified')]),
  ];
}

function noDefaults(item: Partial<LimitRangeItem>, path: string): readonly Fault[] {
  return (['default', 'defaultRequest'] as const)
    .filter((field) => Object.keys(item[field] ?? {}).length > 0)
    .map((field) => forbidden(`${path}.${field}`, "may not be specified when `type` is 'Pod'"));
}

type Bound = 'min' | 'max' | 'default' | 'defaultRequest';

/** That one is not greater than the other, where both are given; the fault stands at the second field. */
const orders: readonly { readonly low: Bound; readonly high: Bound; readonly at: Bound; readonly words: string }[] = [
  { low: 'min', high: 'max', at: 'min', words: 'min value LOW is greater than max value HIGH' },
  {
    low: 'min',
    high: 'defaultRequest',
    at: 'defaultRequest',
    words: 'min value LOW is greater than default request value HIGH',
  },
  {
    low: 'defaultRequest',
    high: 'max',
    at: 'defaultRequest',
    words: 'default request value LOW is greater than max value HIGH',
  },
  {
    low: 'defaultRequest',
    high: 'default',
    at: 'defaultRequest',
    words: 'default request value LOW is greater than default limit value HIGH',
  },
  { low: 'min', high: 'default', at: 'default', words: 'min value LOW is greater than default value HIGH' },
  { low: 'default', high: 'max', at: 'default', words: 'default value LOW is greater than max value HIGH' },
];

function validateResource(name: string, item: Partial<LimitRangeItem>, path: string): readonly Fault[] {
  const valueOf = (bound: Bound): string | number | undefined => listOf(item, bound)[name];
  const faults = orders.flatMap(({ low, high, at, words }) => {
    const [lower, upper] = [valueOf(low), valueOf(high)];
    if (lower === undefined || upper === undefined || compareQuantities(lower, upper) <= 0) return [];
    const text = words.replace('LOW', String(lower)).replace('HIGH', String(upper));
    return [invalid(`${path}.${at}[${name}]`, String(valueOf(at)), text)];
  });
  return [...faults, ...validateRatio(name, item, path)];
}

function listOf(item: Partial<LimitRangeItem>, bound: Bound): ResourceList {
  const isNotForPods = bound === 'default' || bound === 'defaultRequest';
  return item.type === 'Pod' && isNotForPods ? {} : (item[bound] ?? {});
}

function validateRatio(name: string, { min, max, maxLimitRequestRatio }: Partial<LimitRangeItem>, path: string) {
  const ratio = maxLimitRequestRatio?.[name];
  if (ratio === undefined) return [];
  const field = `${path}.maxLimitRequestRatio[${name}]`;
  const [lower, upper] = [quantityMilliValue(min?.[name]), quantityMilliValue(max?.[name])];
  const most = upper / lower;
  return [
    ...(compareQuantities(ratio, 1) < 0 ? [invalid(field, String(ratio), `ratio ${ratio} is less than 1`)] : []),
    ...(lower > 0 && upper > 0 && quantityMilliValue(ratio) > most * 1_000
      ? [invalid(field, String(ratio), `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`)]
      : []),
  ];
}
