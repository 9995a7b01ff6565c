import type { Endpoint, EndpointSlice, Service, ServicePort } from '@slipway/kube/api.generated';
import { serviceNameOf } from '@slipway/kube/endpoint-slices';
import type { ObjectKey } from '@slipway/kube/object';

/** One address and port on which a service answers, and who answers. */
export interface ServiceListener {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
  /** For so long a client that comes again is sent where it was; undefined: anywhere. */
  readonly affinitySeconds?: number | undefined;
  readonly service: ObjectKey;
  /** For messages: `default/shop:http`. */
  readonly name: string;
  readonly targets: readonly ServiceTarget[];
}

export type ServiceTarget =
  | { readonly kind: 'tcp'; readonly address: string; readonly port: number }
  | { readonly kind: 'socket'; readonly path: string };

export interface ServiceTableInput {
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  /** Where node ports are opened. */
  readonly nodeAddresses: readonly string[];
  /** The socket that the service `kubernetes` in the default namespace leads to. */
  readonly apiSocket: string;
}

/**
 * Who listens where, by `address:port`. A service without anyone to answer has no listener, so that a connection is
 * refused at once, as kube-proxy does. https://kubernetes.io/docs/reference/networking/virtual-ips/
 */
export function calculateServiceTable(input: ServiceTableInput): ReadonlyMap<string, ServiceListener> {
  const slices = Map.groupBy(input.slices, (slice) => keyOf(slice.metadata.namespace, serviceNameOf(slice)));
  const listeners = input.services.flatMap((service) => {
    const own = slices.get(keyOf(service.metadata.namespace, service.metadata.name)) ?? [];
    return (service.spec?.ports ?? []).flatMap((port) => listenersOf({ service, port, slices: own }, input));
  });
  return new Map(listeners.map((listener) => [keyOfListener(listener), listener]));
}

export function keyOfListener({ address, port, protocol }: ServiceListener): string {
  return `${address}:${port}${protocol === 'UDP' ? '/udp' : ''}`;
}

interface PortOfService {
  readonly service: Service;
  readonly port: ServicePort;
  readonly slices: readonly EndpointSlice[];
}

function listenersOf(given: PortOfService, input: ServiceTableInput): readonly ServiceListener[] {
  const { service, port } = given;
  const targets = isApiServer(service)
    ? [{ kind: 'socket' as const, path: input.apiSocket }]
    : targetsOf(given.slices, port.name);
  const described = describePort(service, port);
  if (described === undefined || targets.length === 0) {
    return [];
  }
  const common = { ...described, targets, affinitySeconds: affinityOf(service) };
  const onClusterAddress = clusterAddressesOf(service).map((address) => ({ ...common, address, port: port.port }));
  const nodePort = nodePortOf(port);
  const onNode =
    nodePort === undefined ? [] : input.nodeAddresses.map((address) => ({ ...common, address, port: nodePort }));
  return [...onClusterAddress, ...onNode];
}

type DescribedPort = Pick<ServiceListener, 'protocol' | 'service' | 'name'>;

/** Undefined where nobody carries the protocol. */
function describePort({ metadata }: Service, { protocol = 'TCP', name, port }: ServicePort): DescribedPort | undefined {
  if (protocol === 'SCTP') return undefined;
  const service = { namespace: metadata.namespace, name: metadata.name ?? '' };
  return { protocol, service, name: `${keyOf(service.namespace, service.name)}:${name ?? port}` };
}

function nodePortOf({ nodePort = 0 }: ServicePort): number | undefined {
  return nodePort === 0 ? undefined : nodePort;
}

/** The ports by which a Service is reached at a node, whoever answers there. */
export function nodePortsOf(service: Service): readonly (DescribedPort & Pick<ServiceListener, 'port'>)[] {
  return (service.spec?.ports ?? []).flatMap((each) => {
    const port = nodePortOf(each);
    const described = describePort(service, each);
    return port === undefined || described === undefined ? [] : [{ ...described, port }];
  });
}

/** Three hours, where a Service says nothing else. */
export const usualAffinitySeconds = 10_800;

function affinityOf({ spec }: Service): number | undefined {
  if (spec?.sessionAffinity !== 'ClientIP') return undefined;
  return spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? usualAffinitySeconds;
}

function isApiServer({ metadata }: Service): boolean {
  return metadata.namespace === 'default' && metadata.name === 'kubernetes';
}

/** Headless services have `None`; addresses of IPv6 are not served. */
function clusterAddressesOf({ spec }: Service): readonly string[] {
  const addresses = spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP]);
  return addresses.filter((address) => /^\d+\.\d+\.\d+\.\d+$/.test(address));
}

/**
 * Ready endpoints; if there is none, those that end but still serve, so that the last pods of a service answer until they
 * are gone.
 */
function targetsOf(slices: readonly EndpointSlice[], portName: string | undefined): readonly ServiceTarget[] {
  const ready = slices.flatMap((slice) => targetsOfSlice(slice, portName, isReady));
  return ready.length > 0 ? ready : slices.flatMap((slice) => targetsOfSlice(slice, portName, isServing));
}

function targetsOfSlice(
  slice: EndpointSlice,
  portName: string | undefined,
  isWanted: (endpoint: Endpoint) => boolean,
): readonly ServiceTarget[] {
  const port = slice.ports?.find((candidate) => (candidate.name ?? '') === (portName ?? ''))?.port;
  if (port === undefined || slice.addressType !== 'IPv4') {
    return [];
  }
  return slice.endpoints
    .filter(isWanted)
    .flatMap(({ addresses }) => addresses.slice(0, 1).map((address) => ({ kind: 'tcp' as const, address, port })));
}

/** An absent condition means ready. */
export function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready !== false;
}

function isServing({ conditions }: Endpoint): boolean {
  return conditions?.serving ?? conditions?.ready !== false;
}

function keyOf(namespace: string | undefined, name: string | undefined): string {
  return `${namespace ?? ''}/${name ?? ''}`;
}
