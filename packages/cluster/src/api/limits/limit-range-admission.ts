/** What the LimitRanges of a namespace give pods, and within which bounds they keep pods and claims. https://kubernetes.io/docs/concepts/policy/limit-range/ */
import type { Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from '@slipway/kube/api.generated';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { limitRanges, persistentVolumeClaims, pods } from '@slipway/kube/resources';
import type { AdmissionPlugin } from '../admission.ts';
import { forbidden } from '../api-errors.ts';
import { storePrefix } from '../object-key.ts';
import type { ResourceStore } from '../resource-store.ts';
import { checkAgainst, type Consumption } from './limit-range-bounds.ts';
import { limitsOf, requestsOf } from '../../quota/pod-usage.ts';

const annotation = 'kubernetes.io/limit-ranger';

export function createLimitRangeAdmission(resources: ResourceStore): AdmissionPlugin {
  return {
    admit: ({ definition: { type }, object, old }) => {
      const isPod = type === pods && old === undefined;
      if (!isPod && type !== persistentVolumeClaims) return object;
      const ranges = rangesIn(resources, object.metadata.namespace ?? '');
      if (ranges.length === 0) return object;
      return isPod ? admitPod(object, ranges) : admitClaim(object, ranges);
    },
  };
}

function rangesIn({ store, cache }: ResourceStore, namespace: string): readonly LimitRange[] {
  return store.list(storePrefix(limitRanges, namespace)).map((stored) => cache.parse(stored) as LimitRange);
}

function itemsOf(ranges: readonly LimitRange[], type: string): readonly LimitRangeItem[] {
  return ranges.flatMap(({ spec }) => (spec?.limits ?? []).filter((item) => item.type === type));
}

/** The first range that speaks of a resource decides. */
export function admitPod(pod: Pod, ranges: readonly LimitRange[]): Pod {
  const filled = itemsOf(ranges, 'Container').reduce(withDefaults, pod);
  const faults = [
    ...itemsOf(ranges, 'Container').flatMap((item) =>
      containersOf(filled).flatMap(({ resources = {} }) => checkAgainst(item, resources)),
    ),
    ...itemsOf(ranges, 'Pod').flatMap((item) => checkAgainst(item, consumptionOf(filled))),
  ];
  refuse(pods, filled, faults);
  return filled;
}

function admitClaim(claim: PersistentVolumeClaim, ranges: readonly LimitRange[]): PersistentVolumeClaim {
  const requests = claim.spec?.resources?.requests ?? {};
  refuse(
    persistentVolumeClaims,
    claim,
    itemsOf(ranges, 'PersistentVolumeClaim').flatMap((item) => checkAgainst(item, { requests })),
  );
  return claim;
}

function refuse(type: ResourceType, { metadata }: KubeObject, faults: readonly string[]): void {
  if (faults.length === 0) return;
  throw forbidden(type, metadata.name ?? '', faults.length === 1 ? (faults[0] ?? '') : `[${faults.join(', ')}]`);
}

function containersOf({ spec }: Pod): readonly Container[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
}

function consumptionOf(pod: Pod): Consumption {
  return { requests: requestsOf(pod), limits: limitsOf(pod) };
}

/** Says in an annotation what it has set, as Kubernetes does. */
function withDefaults(pod: Pod, item: LimitRangeItem): Pod {
  const { spec, metadata } = pod;
  if (spec === undefined) return pod;
  const said: string[] = [];
  const fill = (kind: string) => (container: Container) => fillContainer(container, item, { kind, said });
  const containers = spec.containers.map(fill('container'));
  const initContainers = spec.initContainers?.map(fill('init container'));
  if (said.length === 0) return pod;
  const before = metadata.annotations?.[annotation];
  const text = before === undefined ? `LimitRanger plugin set: ${said.join('; ')}` : `${before}; ${said.join('; ')}`;
  return {
    ...pod,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [annotation]: text } },
    spec: { ...spec, containers, ...(initContainers === undefined ? {} : { initContainers }) },
  };
}

interface Saying {
  readonly kind: string;
  readonly said: string[];
}

function fillContainer(
  container: Container,
  { default: limits = {}, defaultRequest: requests = {} }: LimitRangeItem,
  { kind, said }: Saying,
): Container {
  const { resources = {} } = container;
  const missing = (given: object = {}, from: object): readonly string[] =>
    Object.keys(from)
      .filter((name) => !(name in given))
      .toSorted();
  const [newRequests, newLimits] = [missing(resources.requests, requests), missing(resources.limits, limits)];
  if (newRequests.length + newLimits.length === 0) return container;
  if (newRequests.length > 0) said.push(`${newRequests.join(', ')} request for ${kind} ${container.name}`);
  if (newLimits.length > 0) said.push(`${newLimits.join(', ')} limit for ${kind} ${container.name}`);
  return {
    ...container,
    resources: {
      ...resources,
      ...(newRequests.length === 0 ? {} : { requests: { ...requests, ...resources.requests } }),
      ...(newLimits.length === 0 ? {} : { limits: { ...limits, ...resources.limits } }),
    },
  };
}
