import type {
  EndpointAddress,
  EndpointPort,
  Endpoints,
  EndpointSubset,
  Pod,
  Service,
} from '@slipway/kube/api.generated';
import { isPodFinished, isPodReady } from '../pods.ts';
import { isSemanticallyEqual } from '../semantic-equality.ts';
import { headlessLabel } from './plan-slices.ts';
import { addressOf, hostnameOf, portsKey, portsOf, referenceTo } from './service-endpoints.ts';

/** More addresses than these are in the slices only, as in Kubernetes. */
const maximumAddresses = 1_000;
const overCapacity = 'endpoints.kubernetes.io/over-capacity';

export type EndpointsAction = { readonly kind: 'writeEndpoints'; readonly endpoints: Endpoints };

/** The older form of the slices: one object for a Service, in which a pod that is ending has no place. */
export function planEndpoints(
  service: Service,
  pods: readonly Pod[],
  existing: Endpoints | undefined,
): readonly EndpointsAction[] {
  const wanted = calculateEndpoints(service, pods, existing);
  const isCurrent =
    existing !== undefined &&
    isSemanticallyEqual(wanted.subsets, existing.subsets) &&
    isSemanticallyEqual(wanted.metadata.labels, existing.metadata.labels) &&
    wanted.metadata.annotations?.[overCapacity] === existing.metadata.annotations?.[overCapacity];
  return isCurrent ? [] : [{ kind: 'writeEndpoints', endpoints: wanted }];
}

function calculateEndpoints(service: Service, pods: readonly Pod[], existing: Endpoints | undefined): Endpoints {
  const publishAll = service.spec?.publishNotReadyAddresses === true;
  const reachable = pods.filter(
    (pod) =>
      !isPodFinished(pod) &&
      addressOf(service, pod) !== undefined &&
      (publishAll || pod.metadata.deletionTimestamp === undefined),
  );
  const { metadata } = service;
  const labels = { ...metadata.labels, ...(service.spec?.clusterIP === 'None' ? { [headlessLabel]: '' } : {}) };
  const isTruncated = reachable.length > maximumAddresses;
  const subsets = calculateSubsets(service, reachable.slice(0, maximumAddresses));
  return {
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace,
      resourceVersion: existing?.metadata.resourceVersion,
      labels: Object.keys(labels).length === 0 ? undefined : labels,
      ...(isTruncated ? { annotations: { [overCapacity]: 'truncated' } } : {}),
    },
    ...(subsets.length === 0 ? {} : { subsets }),
  };
}

function calculateSubsets(service: Service, pods: readonly Pod[]): readonly EndpointSubset[] {
  const byPorts = Map.groupBy(pods, (pod) => portsKey(portsOf(service, pod)));
  const isReady = (pod: Pod): boolean => service.spec?.publishNotReadyAddresses === true || isPodReady(pod);
  return [...byPorts.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, group]) => {
      const [first] = group;
      const ports = first === undefined ? [] : endpointPorts(service, first);
      // None of the named ports: nothing that could be said about the pods.
      if (ports.length === 0 && (service.spec?.ports ?? []).length > 0) return [];
      return [
        {
          addresses: toAddresses(service, group.filter(isReady)),
          notReadyAddresses: toAddresses(
            service,
            group.filter((pod) => !isReady(pod)),
          ),
          ports: ports.length === 0 ? undefined : ports,
        },
      ];
    });
}

function endpointPorts(service: Service, pod: Pod): readonly EndpointPort[] {
  return portsOf(service, pod).map(({ name, port = 0, protocol, appProtocol }) => ({
    ...(name === undefined || name === '' ? {} : { name }),
    port,
    protocol,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  }));
}

function toAddresses(service: Service, pods: readonly Pod[]): readonly EndpointAddress[] | undefined {
  const addresses = pods.map((pod): EndpointAddress => {
    const hostname = hostnameOf(service, pod);
    return {
      ip: addressOf(service, pod) ?? '',
      ...(hostname === undefined ? {} : { hostname }),
      nodeName: pod.spec?.nodeName,
      targetRef: referenceTo(pod),
    };
  });
  return addresses.length === 0 ? undefined : addresses.toSorted((a, b) => (a.ip < b.ip ? -1 : 1));
}
