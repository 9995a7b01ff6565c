/** The bounds of one kind of thing in a LimitRange, and what is beyond them, in the words of Kubernetes. */
import type { LimitRangeItem, ResourceList } from '@slipway/kube/api.generated';
import { compareQuantities, quantityMilliValue } from '@slipway/kube/quantity';

export interface Consumption {
  readonly requests?: ResourceList | undefined;
  /** Absent for what has none, such as claims. */
  readonly limits?: ResourceList | undefined;
}

type Quantity = string | number;

interface Bound {
  readonly name: string;
  readonly type: string;
  readonly enforced: Quantity;
  readonly request: Quantity | undefined;
  readonly limit: Quantity | undefined;
}

export function checkAgainst(item: LimitRangeItem, { requests = {}, limits }: Consumption): readonly string[] {
  const isLimited = item.type !== 'PersistentVolumeClaim';
  const boundsOf = (list: ResourceList | undefined): readonly Bound[] =>
    Object.entries(list ?? {}).map(([name, enforced]) => ({
      name,
      type: item.type,
      enforced,
      request: requests[name],
      limit: limits?.[name],
    }));
  return [
    ...boundsOf(item.min).flatMap(belowMinimum),
    ...boundsOf(item.max).flatMap(isLimited ? aboveMaximum : aboveMaximumRequest),
    ...boundsOf(item.maxLimitRequestRatio).flatMap(aboveRatio),
  ];
}

function belowMinimum({ name, type, enforced, request, limit }: Bound): readonly string[] {
  const rule = `minimum ${name} usage per ${type} is ${enforced}`;
  if (request === undefined) return [`${rule}.  No request is specified`];
  if (compareQuantities(request, enforced) < 0) return [`${rule}, but request is ${request}`];
  return limit !== undefined && compareQuantities(limit, enforced) < 0 ? [`${rule}, but limit is ${limit}`] : [];
}

function aboveMaximum({ name, type, enforced, request, limit }: Bound): readonly string[] {
  const rule = `maximum ${name} usage per ${type} is ${enforced}`;
  if (limit === undefined) return [`${rule}.  No limit is specified`];
  if (compareQuantities(limit, enforced) > 0) return [`${rule}, but limit is ${limit}`];
  return request !== undefined && compareQuantities(request, enforced) > 0
    ? [`${rule}, but request is ${request}`]
    : [];
}

function aboveMaximumRequest({ name, type, enforced, request }: Bound): readonly string[] {
  const rule = `maximum ${name} usage per ${type} is ${enforced}`;
  if (request === undefined) return [`${rule}.  No request is specified`];
  return compareQuantities(request, enforced) > 0 ? [`${rule}, but request is ${request}`] : [];
}

function aboveRatio({ name, type, enforced, request, limit }: Bound): readonly string[] {
  const rule = `${name} max limit to request ratio per ${type} is ${enforced}`;
  const [requested, limited] = [quantityMilliValue(request), quantityMilliValue(limit)];
  if (requested === 0) return [`${rule}, but no request is specified or request is 0`];
  if (limited === 0) return [`${rule}, but no limit is specified or limit is 0`];
  const ratio = limited / requested;
  return ratio * 1_000 > quantityMilliValue(enforced) ? [`${rule}, but provided ratio is ${ratio.toFixed(6)}`] : [];
}
