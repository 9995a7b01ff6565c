import type {
  DiscoveryV1EndpointPort,
  Endpoint,
  Node,
  ObjectReference,
  Pod,
  Service,
  ServicePort,
} from '@slipway/kube/api.generated';
import { isPodFinished, isPodReady } from '../pods.ts';

/** Pods of a Service that serve the same ports. Pods differ when a port is named and their containers give the name different numbers. */
export interface EndpointGroup {
  readonly ports: readonly DiscoveryV1EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

export interface ServicePods {
  readonly service: Service;
  readonly pods: readonly Pod[];
  nodeOf(name: string): Node | undefined;
}

export function calculateEndpointGroups({ service, pods, nodeOf }: ServicePods): readonly EndpointGroup[] {
  const groups = new Map<
    string,
    { readonly ports: readonly DiscoveryV1EndpointPort[]; readonly endpoints: Endpoint[] }
  >();
  for (const pod of pods) {
    const endpoint = endpointOf(service, pod, nodeOf);
    if (endpoint === undefined) continue;
    const ports = portsOf(service, pod);
    const key = portsKey(ports);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ports, endpoints: [endpoint] });
    else group.endpoints.push(endpoint);
  }
  return [...groups.values()];
}

/** Undefined for a pod that can never be reached: finished, or without an address yet. */
function endpointOf(service: Service, pod: Pod, nodeOf: ServicePods['nodeOf']): Endpoint | undefined {
  const address = addressOf(service, pod);
  if (address === undefined || isPodFinished(pod)) return undefined;
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const nodeName = pod.spec?.nodeName;
  const zone = nodeName === undefined ? undefined : nodeOf(nodeName)?.metadata.labels?.['topology.kubernetes.io/zone'];
  const hostname = hostnameOf(service, pod);
  return {
    addresses: [address],
    conditions: {
      ready: service.spec?.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: referenceTo(pod),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
  };
}

export function addressTypeOf(service: Service): 'IPv4' | 'IPv6' {
  return service.spec?.ipFamilies?.[0] === 'IPv6' ? 'IPv6' : 'IPv4';
}

/** The pod's address of the Service's family. */
export function addressOf(service: Service, { status }: Pod): string | undefined {
  const isWanted = (ip: string): boolean => ip.includes(':') === (addressTypeOf(service) === 'IPv6');
  const addresses = [
    ...(status?.podIP === undefined ? [] : [status.podIP]),
    ...(status?.podIPs ?? []).map(({ ip }) => ip),
  ];
  return addresses.find((ip) => ip !== '' && isWanted(ip));
}

/** A pod with a hostname in the subdomain of a Service has a name of its own in DNS. */
export function hostnameOf({ metadata }: Service, { spec }: Pod): string | undefined {
  return spec?.hostname !== undefined && spec.hostname !== '' && spec.subdomain === metadata.name
    ? spec.hostname
    : undefined;
}

export function referenceTo({ metadata }: Pod): ObjectReference {
  return { kind: 'Pod', namespace: metadata.namespace, name: metadata.name, uid: metadata.uid };
}

/** A named target port that the pod does not have is left out: the other ports still serve. */
export function portsOf({ spec }: Service, pod: Pod): readonly DiscoveryV1EndpointPort[] {
  return (spec?.ports ?? []).flatMap((port): readonly DiscoveryV1EndpointPort[] => {
    const number = targetPortOf(port, pod);
    if (number === undefined) return [];
    const { name = '', protocol = 'TCP', appProtocol } = port;
    return [{ name, port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

function targetPortOf({ targetPort, port, protocol = 'TCP' }: ServicePort, { spec }: Pod): number | undefined {
  const target = targetPort ?? port;
  if (typeof target === 'number') return target === 0 ? port : target;
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  for (const container of [...(spec?.containers ?? []), ...sidecars]) {
    const found = container.ports?.find((each) => each.name === target && (each.protocol ?? 'TCP') === protocol);
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

export function portsKey(ports: readonly DiscoveryV1EndpointPort[] | undefined): string {
  return (ports ?? [])
    .map(({ name = '', port = 0, protocol = 'TCP', appProtocol = '' }) => `${name}/${port}/${protocol}/${appProtocol}`)
    .toSorted()
    .join(',');
}
