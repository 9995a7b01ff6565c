import type { Endpoint, EndpointSlice, Service } from '@slipway/kube/api.generated';
import { serviceNameLabel } from '@slipway/kube/endpoint-slices';
import { controllerReference } from '@slipway/kube/owner-references';
import { services } from '@slipway/kube/resources';
import { isSemanticallyEqual } from '../semantic-equality.ts';
import { addressTypeOf, portsKey, type EndpointGroup } from './service-endpoints.ts';

export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
export const headlessLabel = 'service.kubernetes.io/headless';
export const sliceManager = 'endpointslice-controller.k8s.io';

const endpointsPerSlice = 100;

export type SliceAction = {
  readonly kind: 'createSlice' | 'updateSlice' | 'deleteSlice';
  readonly slice: EndpointSlice;
};

/**
 * Changes as few slices as possible: each slice keeps the endpoints that it has; new ones go into slices that change
 * anyway, then into the fullest that has room for them, then into new slices. Updates come first, creations after them and
 * deletions last, so that no endpoint is missing in between.
 */
export function planSlices(
  service: Service,
  groups: readonly EndpointGroup[],
  existing: readonly EndpointSlice[],
): readonly SliceAction[] {
  const usable = existing.filter((slice) => isUsable(service, slice));
  const plans = groups.map((group) => planGroup(service, group, usable));
  const used = new Set(plans.flatMap(({ kept }) => kept));
  const emptied = usable.filter((slice) => !used.has(slice));
  const unusable = existing.filter((slice) => !usable.includes(slice));
  const actions = plans.flatMap((plan) => plan.actions);
  const isPlaceholderNeeded = groups.length === 0;
  const placeholder = isPlaceholderNeeded ? planPlaceholder(service, emptied) : { actions: [], kept: undefined };
  const gone = [...emptied.filter((slice) => slice !== placeholder.kept), ...unusable];
  return [
    ...actions.filter(({ kind }) => kind === 'updateSlice'),
    ...actions.filter(({ kind }) => kind === 'createSlice'),
    ...placeholder.actions,
    ...gone
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map((slice): SliceAction => ({ kind: 'deleteSlice', slice })),
  ];
}

function isUsable(service: Service, { addressType, metadata }: EndpointSlice): boolean {
  const isOwn = metadata.ownerReferences?.some(({ uid }) => uid === service.metadata.uid) === true;
  return isOwn && addressType === addressTypeOf(service) && metadata.deletionTimestamp === undefined;
}

/** A Service without pods has one empty slice, which says that it was looked at. */
function planPlaceholder(
  service: Service,
  existing: readonly EndpointSlice[],
): { readonly actions: readonly SliceAction[]; readonly kept: EndpointSlice | undefined } {
  const [kept] = existing;
  const empty = { ports: [], endpoints: [] };
  if (kept === undefined) return { actions: [{ kind: 'createSlice', slice: newSlice(service, empty) }], kept };
  const next = { ...kept, ...empty, metadata: { ...kept.metadata, labels: labelsOf(service, kept) } };
  return { actions: isSemanticallyEqual(next, kept) ? [] : [{ kind: 'updateSlice', slice: next }], kept };
}

interface Filling {
  readonly slice: EndpointSlice;
  readonly endpoints: Endpoint[];
  hasChanged: boolean;
}

function planGroup(
  service: Service,
  group: EndpointGroup,
  usable: readonly EndpointSlice[],
): { readonly actions: readonly SliceAction[]; readonly kept: readonly EndpointSlice[] } {
  const missing = new Map(group.endpoints.map((endpoint) => [endpointKey(endpoint), endpoint]));
  const fillings = usable
    .filter((slice) => portsKey(slice.ports) === portsKey(group.ports))
    .map((slice) => keepWanted(service, slice, missing));
  const surplus = fill(fillings, [...missing.values()]);
  const kept = fillings.filter(({ endpoints }) => endpoints.length > 0);
  return {
    kept: kept.map(({ slice }) => slice),
    actions: [
      ...kept
        .filter(({ hasChanged }) => hasChanged)
        .map(({ slice, endpoints }): SliceAction => ({
          kind: 'updateSlice',
          slice: { ...slice, endpoints, metadata: { ...slice.metadata, labels: labelsOf(service, slice) } },
        })),
      ...inChunks(surplus).map((endpoints): SliceAction => ({
        kind: 'createSlice',
        slice: newSlice(service, { ports: group.ports, endpoints }),
      })),
    ],
  };
}

/** Takes from `missing` what the slice holds already. */
function keepWanted(service: Service, slice: EndpointSlice, missing: Map<string, Endpoint>): Filling {
  let hasChanged = !isSemanticallyEqual(labelsOf(service, slice), slice.metadata.labels);
  const endpoints: Endpoint[] = [];
  for (const endpoint of slice.endpoints) {
    const key = endpointKey(endpoint);
    const wanted = missing.get(key);
    missing.delete(key);
    if (wanted !== undefined) endpoints.push(wanted);
    if (!isSemanticallyEqual(wanted, endpoint)) hasChanged = true;
  }
  return { slice, endpoints, hasChanged };
}

/** Returns what found no place. */
function fill(fillings: readonly Filling[], missing: readonly Endpoint[]): readonly Endpoint[] {
  let rest = missing;
  const room = ({ endpoints }: Filling): number => endpointsPerSlice - endpoints.length;
  for (const filling of fillings.filter(({ hasChanged }) => hasChanged)) {
    const taken = room(filling);
    filling.endpoints.push(...rest.slice(0, taken));
    rest = rest.slice(taken);
  }
  if (rest.length === 0) return rest;
  const fullest = fillings
    .filter((filling) => !filling.hasChanged && room(filling) >= rest.length % endpointsPerSlice)
    .toSorted((a, b) => room(a) - room(b))
    .find((filling) => room(filling) > 0);
  if (fullest === undefined) return rest;
  const taken = Math.min(room(fullest), rest.length % endpointsPerSlice || rest.length);
  fullest.endpoints.push(...rest.slice(0, taken));
  fullest.hasChanged = true;
  return rest.slice(taken);
}

function inChunks(endpoints: readonly Endpoint[]): readonly (readonly Endpoint[])[] {
  const count = Math.ceil(endpoints.length / endpointsPerSlice);
  return Array.from({ length: count }, (_, index) =>
    endpoints.slice(index * endpointsPerSlice, (index + 1) * endpointsPerSlice),
  );
}

function newSlice(service: Service, { ports, endpoints }: EndpointGroup): EndpointSlice {
  return {
    metadata: {
      generateName: `${service.metadata.name ?? ''}-`,
      namespace: service.metadata.namespace,
      labels: labelsOf(service, undefined),
      ownerReferences: [controllerReference(service, services)],
    },
    addressType: addressTypeOf(service),
    ports,
    endpoints,
  };
}

/** A slice has the labels of its Service, so that it can be selected like it. */
function labelsOf(service: Service, slice: EndpointSlice | undefined): Readonly<Record<string, string>> {
  const { [headlessLabel]: _, ...copied } = service.metadata.labels ?? {};
  const mirror = slice?.metadata.labels?.['endpointslice.kubernetes.io/skip-mirror'];
  return {
    ...copied,
    ...(mirror === undefined ? {} : { 'endpointslice.kubernetes.io/skip-mirror': mirror }),
    ...(service.spec?.clusterIP === 'None' ? { [headlessLabel]: '' } : {}),
    [serviceNameLabel]: service.metadata.name ?? '',
    [managedByLabel]: sliceManager,
  };
}

/** A pod that was replaced by one of the same name is another endpoint. */
function endpointKey({ targetRef, addresses }: Endpoint): string {
  return `${targetRef?.uid ?? ''}/${addresses[0] ?? ''}`;
}
