/** What Kubernetes asks of a container beyond the shape of its fields. */
import { compareQuantities, isQuantity } from '@slipway/kube/quantity';
import type { Container, LifecycleHandler, PodSpec, Probe, VolumeMount } from '@slipway/kube/api.generated';
import type { Fault } from '../definition.ts';
import { forbidden, invalid, misnamed, notSupported, required } from '../faults.ts';
import { qualifiedKey } from '../names.ts';
import { isVariableName, variableNameRule } from '../variable-name.ts';
import { checkDestination } from './handler-rules.ts';
import { checkVariableReferences } from './reference-rules.ts';

/** The pod, as far as its containers are held against it. */
export type PodSurroundings = Pick<PodSpec, 'hostNetwork' | 'terminationGracePeriodSeconds'>;

export interface ContainerPlace {
  readonly path: string;
  readonly pod: PodSurroundings;
  /** Runs to its end before the next one starts. */
  readonly isInit: boolean;
}

export function checkContainer(container: Container, { path, pod, isInit }: ContainerPlace): readonly Fault[] {
  const { resources, env = [], envFrom = [], lifecycle, securityContext, ports = [] } = container;
  return [
    ...checkResources(resources ?? {}, `${path}.resources`),
    ...env.flatMap(({ valueFrom }, index) => checkSource(valueFrom, `${path}.env[${index}].valueFrom`)),
    ...envFrom.flatMap((source, index) => checkEnvironment(source, `${path}.envFrom[${index}]`)),
    ...checkMounts(container, path),
    ...checkTermination(container, `${path}.terminationMessagePolicy`),
    ...(['postStart', 'preStop'] as const).flatMap((hook) =>
      checkHandler(lifecycle?.[hook], { path: `${path}.lifecycle.${hook}`, pod }),
    ),
    ...checkProbes(container, path),
    ...(isInit ? checkInit(container, path) : []),
    ...(['runAsUser', 'runAsGroup'] as const).flatMap((field) =>
      checkIdentity(securityContext?.[field], `${path}.securityContext.${field}`),
    ),
    ...(pod.hostNetwork === true ? ports.flatMap((port, index) => checkHostPort(port, `${path}.ports[${index}]`)) : []),
  ];
}

type Quantities = NonNullable<NonNullable<Container['resources']>['limits']>;

function checkResources(
  { limits = {}, requests = {} }: NonNullable<Container['resources']>,
  path: string,
): readonly Fault[] {
  return [
    ...checkQuantities(limits, `${path}.limits`),
    ...checkQuantities(requests, `${path}.requests`),
    ...Object.entries(requests).flatMap(([name, request]) => {
      const limit = limits[name];
      if (limit === undefined || !isQuantity(request) || !isQuantity(limit)) return [];
      return checkRequest({ name, request, limit }, `${path}.requests`);
    }),
  ];
}

const standard: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);

function checkQuantities(quantities: Quantities, path: string): readonly Fault[] {
  return Object.entries(quantities).flatMap(([name, quantity]) => {
    const at = `${path}[${name}]`;
    const isNegative = isQuantity(quantity) && compareQuantities(quantity, 0) < 0;
    return [
      ...misnamed(at, name, qualifiedKey),
      ...(name.includes('/') || standard.has(name) || name.startsWith('hugepages-')
        ? []
        : [
            invalid(at, name, 'must be a standard resource type or fully qualified'),
            invalid(at, name, 'must be a standard resource for containers'),
          ]),
      ...(isNegative ? [invalid(at, String(quantity), 'must be greater than or equal to 0')] : []),
    ];
  });
}

/** Devices and huge pages cannot be promised twice. */
function checkRequest(
  {
    name,
    request,
    limit,
  }: { readonly name: string; readonly request: string | number; readonly limit: string | number },
  path: string,
): readonly Fault[] {
  const order = compareQuantities(request, limit);
  if (!standard.has(name) && order !== 0)
    return [invalid(path, String(request), `must be equal to ${name} limit of ${limit}`)];
  return order > 0 ? [invalid(path, String(request), `must be less than or equal to ${name} limit of ${limit}`)] : [];
}

type Source = NonNullable<NonNullable<Container['env']>[number]['valueFrom']>;

function checkSource(source: Source | undefined, path: string): readonly Fault[] {
  if (source === undefined) return [];
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source;
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef].filter((each) => each !== undefined).length;
  const oneOf = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`';
  return [
    ...checkVariableReferences(source, path),
    ...(count === 0 ? [invalid(path, '', oneOf)] : []),
    ...(count > 1 ? [invalid(path, '', 'may not have more than one field specified at a time')] : []),
  ];
}

function checkMounts({ volumeMounts = [], securityContext }: Container, path: string): readonly Fault[] {
  const paths = volumeMounts.map(({ mountPath }) => mountPath);
  return volumeMounts.flatMap((mount, index) => [
    ...(paths.indexOf(mount.mountPath) < index
      ? [invalid(`${path}.volumeMounts[${index}].mountPath`, mount.mountPath, 'must be unique')]
      : []),
    ...checkPropagation(mount, securityContext?.privileged === true, `${path}.volumeMounts[${index}].mountPropagation`),
    ...checkRecursion(mount, `${path}.volumeMounts[${index}].recursiveReadOnly`),
  ]);
}

const propagations = ['Bidirectional', 'HostToContainer', 'None'];

function checkPropagation({ mountPropagation = 'None' }: VolumeMount, isPrivileged: boolean, field: string) {
  if (!propagations.includes(mountPropagation)) return [notSupported(field, mountPropagation, propagations)];
  if (mountPropagation !== 'Bidirectional' || isPrivileged) return [];
  return [forbidden(field, 'Bidirectional mount propagation is available only to privileged containers')];
}

const terminationPolicies = ['FallbackToLogsOnError', 'File'];

function checkTermination({ terminationMessagePolicy: policy }: Container, field: string): readonly Fault[] {
  if (policy === undefined || terminationPolicies.includes(policy)) return [];
  return [notSupported(field, policy, terminationPolicies)];
}

type EnvironmentSource = NonNullable<Container['envFrom']>[number];

/** Of all that a ConfigMap or Secret holds. */
function checkEnvironment(source: EnvironmentSource, path: string): readonly Fault[] {
  const { configMapRef, secretRef, prefix = '' } = source;
  const references = Object.entries({ configMapRef, secretRef }).filter(([, given]) => given !== undefined);
  return [
    ...(prefix === '' || isVariableName(prefix) ? [] : [invalid(`${path}.prefix`, prefix, variableNameRule)]),
    ...references.flatMap(([kind, reference]) =>
      (reference?.name ?? '') === '' ? [required(`${path}.${kind}.name`)] : [],
    ),
    ...(references.length === 0 ? [invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`')] : []),
    ...(references.length > 1 ? [invalid(path, '', 'may not have more than one field specified at a time')] : []),
  ];
}

const recursions = ['Disabled', 'Enabled', 'IfPossible'];

function checkRecursion(
  { recursiveReadOnly = 'Disabled', readOnly, mountPropagation = 'None' }: VolumeMount,
  field: string,
): readonly Fault[] {
  if (!recursions.includes(recursiveReadOnly)) return [notSupported(field, recursiveReadOnly, recursions)];
  if (recursiveReadOnly === 'Disabled') return [];
  return [
    ...(readOnly === true ? [] : [forbidden(field, 'may only be specified when readOnly is true')]),
    ...(mountPropagation === 'None'
      ? []
      : [forbidden(field, 'may only be specified when mountPropagation is None or not specified')]),
  ];
}

function checkHandler(
  handler: LifecycleHandler | undefined,
  { path, pod }: Pick<ContainerPlace, 'path' | 'pod'>,
): readonly Fault[] {
  if (handler === undefined) return [];
  const { exec, httpGet, tcpSocket, sleep } = handler;
  const kinds = Object.entries({ exec, httpGet, tcpSocket, sleep }).filter(([, given]) => given !== undefined);
  const grace = pod.terminationGracePeriodSeconds;
  const isTooLong = sleep !== undefined && grace !== undefined && (sleep.seconds < 0 || sleep.seconds > grace);
  return [
    ...(kinds.length === 0 ? [required(path, 'must specify a handler type')] : []),
    ...kinds.slice(1).map(([kind]) => forbidden(`${path}.${kind}`, 'may not specify more than 1 handler type')),
    ...checkCommand(handler, path),
    ...checkDestination(handler, path),
    ...(isTooLong
      ? [
          invalid(
            `${path}.sleep`,
            sleep.seconds,
            `must be non-negative and less than terminationGracePeriodSeconds (${grace})`,
          ),
        ]
      : []),
  ];
}

function checkCommand({ exec }: Pick<Probe, 'exec'>, path: string): readonly Fault[] {
  return exec !== undefined && (exec.command ?? []).length === 0 ? [required(`${path}.exec.command`)] : [];
}

const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;

function checkProbes(container: Container, path: string): readonly Fault[] {
  return probes.flatMap((name) => {
    const probe = container[name];
    const at = `${path}.${name}`;
    return probe === undefined
      ? []
      : [...checkCommand(probe, at), ...checkDestination(probe, at), ...checkGrace(probe, name, at)];
  });
}

/** A readiness probe ends nothing. */
function checkGrace({ terminationGracePeriodSeconds: grace }: Probe, name: string, path: string): readonly Fault[] {
  if (grace === undefined) return [];
  const field = `${path}.terminationGracePeriodSeconds`;
  if (name === 'readinessProbe') return [invalid(field, grace, 'must not be set for readinessProbes')];
  return grace > 0 ? [] : [invalid(field, grace, 'must be greater than 0')];
}

function checkInit(container: Container, path: string): readonly Fault[] {
  return ([...probes, 'lifecycle'] as const)
    .filter((name) => container[name] !== undefined)
    .map((name) => forbidden(`${path}.${name}`, 'may not be set for init containers without restartPolicy=Always'));
}

function checkHostPort(
  { hostPort = 0, containerPort }: NonNullable<Container['ports']>[number],
  path: string,
): readonly Fault[] {
  if (hostPort === 0 || hostPort === containerPort) return [];
  return [invalid(`${path}.containerPort`, containerPort, 'must match `hostPort` when `hostNetwork` is true')];
}

/** Of a user or group. */
export function checkIdentity(id: number | undefined, field: string): readonly Fault[] {
  if (id === undefined || (id >= 0 && id <= 2 ** 31 - 1)) return [];
  return [invalid(field, id, 'must be between 0 and 2147483647, inclusive')];
}
