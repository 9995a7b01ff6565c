/** A descriptor as an Application, and what the cluster says of the one in the words of the other. Pure. */
import type { ApplicationSpec, HealthCheck } from '@slipway/delivery/api/application';
import type { Container, PodSpec } from '@slipway/kube/api.generated';
import type { FieldFault } from '../http/problem.ts';
import { optional } from '../optional.ts';
import type { Descriptor } from './descriptor.ts';

export interface Wish {
  readonly descriptor: Descriptor;
  /** A number, where the descriptor counts up. */
  readonly version: string;
  /** Name of the Secret with the descriptor's environment; absent: it has none. */
  readonly environmentSecret?: string | undefined;
}

/** Where a health check is asked that names no port, in a container that names none either. */
const usualHealthPort = 9_999;
const healthPortName = 'healthcheck';

export function applicationOf({ descriptor, version, environmentSecret }: Wish): ApplicationSpec {
  const podspec = podSpecOf(descriptor);
  const ports = podspec.containers.flatMap(({ ports = [] }) => ports);
  return {
    version,
    replicas: descriptor.replicas,
    template: { spec: podspec },
    strategy: { type: 'blueGreen' },
    ...(ports.length === 0 ? {} : { service: serviceOf(ports, descriptor) }),
    ...(isGiven(descriptor.frontend) ? { route: routeOf(descriptor, descriptor.frontend) } : {}),
    ...(descriptor.useHealthCheck ? { healthCheck: healthCheckOf(descriptor, podspec.containers[0]) } : {}),
    ...(environmentSecret === undefined ? {} : { environmentFrom: [{ secretRef: { name: environmentSecret } }] }),
  };
}

function podSpecOf({ podspec, imagePullSecrets }: Descriptor): PodSpec {
  // What it is beside a list of containers, the cluster says.
  const given = podspec as PodSpec;
  if (imagePullSecrets.length === 0) return given;
  return { ...given, imagePullSecrets: [...(given.imagePullSecrets ?? []), ...imagePullSecrets] };
}

/** The first port of the first container is the one that a front end leads to. */
function serviceOf(
  ports: NonNullable<Container['ports']>,
  { useStickySessions }: Descriptor,
): NonNullable<ApplicationSpec['service']> {
  return {
    ports: ports.map(({ name, containerPort, protocol }) => ({
      name: name ?? `port-${containerPort}`,
      port: containerPort,
      targetPort: containerPort,
      ...optional('protocol', protocol),
    })),
    ...(useStickySessions ? { sessionAffinity: 'ClientIP' } : {}),
  };
}

function routeOf(descriptor: Descriptor, frontend: string): NonNullable<ApplicationSpec['route']> {
  const { redirectWww, useCompression, additionHttpHeaders, tlsSecretName } = descriptor;
  return {
    hosts: [frontend],
    redirectWww,
    compression: useCompression,
    ...(additionHttpHeaders.length === 0
      ? {}
      : { responseHeaders: Object.fromEntries(additionHttpHeaders.map(({ Header, Value }) => [Header, Value])) }),
    ...(tlsSecretName === undefined ? {} : { tls: { secretName: tlsSecretName } }),
  };
}

/** The port is the one that is named, then the container's port `healthcheck`, then its only one. */
function healthCheckOf(descriptor: Descriptor, container: Container | undefined): HealthCheck {
  const { healthCheckPath = '', healthCheckPort, healthCheckType, ignoreHealthCheck } = descriptor;
  const ports = container?.ports ?? [];
  const named = ports.find(({ name }) => name === healthPortName) ?? ports[0];
  return {
    path: `/${healthCheckPath.replace(/^\/+/, '')}`,
    port: healthCheckPort ?? named?.containerPort ?? usualHealthPort,
    type: healthCheckType,
    ignore: ignoreHealthCheck,
  };
}

/** An empty text is how many clients leave a field out. */
function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

const fields: ReadonlyArray<readonly [pattern: RegExp, field: string]> = [
  [/^spec\.template\.spec\.imagePullSecrets\b/, 'imagePullSecrets'],
  [/^spec\.template\.spec\b/, 'podspec'],
  [/^spec\.template\b/, 'podspec'],
  [/^spec\.route\.hosts(\[0\])?/, 'frontend'],
  [/^spec\.route\.redirectWww\b/, 'redirectWww'],
  [/^spec\.route\.responseHeaders\b/, 'additionHttpHeaders'],
  [/^spec\.route\.tls\b/, 'tlsSecretName'],
  [/^spec\.healthCheck\.path\b/, 'healthCheckPath'],
  [/^spec\.healthCheck\.port\b/, 'healthCheckPort'],
  [/^spec\.service\b/, 'podspec.containers[0].ports'],
  [/^spec\.version\b/, 'newVersion'],
  [/^spec\.replicas\b/, 'replicas'],
  [/^metadata\.name\b/, 'appName'],
  [/^metadata\.namespace\b/, 'namespace'],
];

/** A fault that the cluster found in the Application, at the field of the descriptor that it came from. */
export function faultOfDescriptor({ field, message }: FieldFault): FieldFault {
  const known = fields.find(([pattern]) => pattern.test(field));
  return { field: `body/${known === undefined ? field : field.replace(known[0], known[1])}`, message };
}
