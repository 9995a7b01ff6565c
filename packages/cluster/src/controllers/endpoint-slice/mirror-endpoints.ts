import type { Endpoint, EndpointAddress, Endpoints, EndpointSlice, Service } from '@slipway/kube/api.generated';
import { managedByLabel, planSlices, sliceManager, type SliceAction } from './plan-slices.ts';
import type { EndpointGroup } from './service-endpoints.ts';

export const mirrorManager = 'endpointslicemirroring-controller.k8s.io';
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
/** Endpoints that carry it belong to an old way of electing a leader and to no Service. */
export const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';

/**
 * The Endpoints that somebody writes for a Service without a selector, as slices: those are what proxies and gateways read.
 * https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#endpointslice-mirroring
 */
export function planMirror(
  service: Service,
  endpoints: Endpoints | undefined,
  slices: readonly EndpointSlice[],
): readonly SliceAction[] {
  const groups = isMirrored(endpoints) ? calculateMirroredGroups(endpoints) : [];
  if (groups.length === 0) {
    return slices
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map((slice) => ({ kind: 'deleteSlice', slice }));
  }
  // They are planned as those of pods are, and differ by who keeps them.
  const known = slices.map((slice) => keptBy(sliceManager, slice));
  return planSlices(service, groups, known).map(({ kind, slice }) => ({ kind, slice: keptBy(mirrorManager, slice) }));
}

function isMirrored(endpoints: Endpoints | undefined): endpoints is Endpoints {
  const { deletionTimestamp, labels, annotations } = endpoints?.metadata ?? {};
  const isSkipped = labels?.[skipLabel] === 'true' || annotations?.[leaderAnnotation] !== undefined;
  return endpoints !== undefined && deletionTimestamp === undefined && !isSkipped;
}

function calculateMirroredGroups({ subsets = [] }: Endpoints): readonly EndpointGroup[] {
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) => {
    const endpoints = [
      ...addresses.map((address) => endpointAt(address, true)),
      ...notReadyAddresses.map((address) => endpointAt(address, false)),
    ];
    return endpoints.length === 0 ? [] : [{ ports, endpoints }];
  });
}

function endpointAt({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef }),
  };
}

function keptBy(manager: string, slice: EndpointSlice): EndpointSlice {
  const labels = { ...slice.metadata.labels, [managedByLabel]: manager };
  return { ...slice, metadata: { ...slice.metadata, labels } };
}
