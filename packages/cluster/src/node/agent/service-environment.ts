/**
 * The variables that tell a container of the Services of its namespace, in the form of Docker links.
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
import type { Pod, Service } from '@slipway/kube/api.generated';

export function calculateServiceEnvironment(pod: Pod, services: readonly Service[]): Readonly<Record<string, string>> {
  const namespace = pod.metadata.namespace ?? '';
  const links = pod.spec?.enableServiceLinks ?? true;
  const isMaster = ({ metadata }: Service): boolean =>
    metadata.namespace === 'default' && metadata.name === 'kubernetes';
  const chosen = services.filter((service) => isMaster(service) || (links && service.metadata.namespace === namespace));
  // A Service named kubernetes in the pod's own namespace hides the one in default.
  const ordered = chosen.toSorted((a, b) => Number(isMaster(b)) - Number(isMaster(a)));
  return Object.fromEntries(ordered.flatMap(serviceVariables));
}

function serviceVariables({ metadata, spec }: Service): ReadonlyArray<readonly [string, string]> {
  const address = spec?.clusterIP ?? '';
  const ports = spec?.ports ?? [];
  const [first] = ports;
  if (address === '' || address === 'None' || first === undefined) return [];
  const prefix = toVariableName(metadata.name ?? '');
  const host = address.includes(':') ? `[${address}]` : address;
  const urlOf = (port: typeof first): string => `${(port.protocol ?? 'TCP').toLowerCase()}://${host}:${port.port}`;
  return [
    [`${prefix}_SERVICE_HOST`, address],
    [`${prefix}_SERVICE_PORT`, String(first.port)],
    ...ports
      .filter(({ name }) => name !== undefined && name !== '')
      .map(({ name, port }) => [`${prefix}_SERVICE_PORT_${toVariableName(name ?? '')}`, String(port)] as const),
    [`${prefix}_PORT`, urlOf(first)],
    ...ports.flatMap((port) => {
      const protocol = port.protocol ?? 'TCP';
      const link = `${prefix}_PORT_${port.port}_${protocol}`;
      return [
        [link, urlOf(port)],
        [`${link}_PROTO`, protocol.toLowerCase()],
        [`${link}_PORT`, String(port.port)],
        [`${link}_ADDR`, address],
      ] as const;
    }),
  ];
}

function toVariableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
