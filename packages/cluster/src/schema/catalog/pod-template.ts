import type { Container, PodSpec, PodTemplateSpec, Probe } from '@slipway/kube/api.generated';
import type { Fault } from '../definition.ts';
import { duplicate, invalid, misnamed, notFound, notSupported, required } from '../faults.ts';
import { validateLabels } from '../metadata.ts';
import { dns1123Label } from '../names.ts';
import { isVariableName, variableNameRule } from '../variable-name.ts';
import { checkEphemeralContainers, refuseEphemeralContainers } from './ephemeral-containers.ts';
import { checkPod } from './pod-rules.ts';
import { portName, portNumber } from './port-rules.ts';
import { checkVolume } from './volume-rules.ts';

type Volume = NonNullable<PodSpec['volumes']>[number];

export function validatePodTemplate(template: PodTemplateSpec | undefined, path: string): readonly Fault[] {
  if (template?.spec === undefined) return [required(`${path}.spec.containers`)];
  return [
    ...validateLabels(template.metadata?.labels, `${path}.metadata.labels`),
    ...validatePodSpec(template.spec, `${path}.spec`),
    ...refuseEphemeralContainers(template, `${path}.spec`, 'ephemeral containers not allowed in pod template'),
  ];
}

export function validatePodSpec(spec: PodSpec, path: string): readonly Fault[] {
  const volumeNames = (spec.volumes ?? []).map(({ name }) => name);
  const context = { volumeNames, path };
  return [
    ...(spec.containers.length === 0 ? [required(`${path}.containers`)] : []),
    ...validateContainers(spec.containers, 'containers', context),
    ...validateContainers(spec.initContainers ?? [], 'initContainers', context),
    ...validateContainers(spec.ephemeralContainers ?? [], 'ephemeralContainers', context),
    ...checkEphemeralContainers(spec, path),
    ...duplicateNames(
      [...(spec.initContainers ?? []), ...spec.containers].map(({ name }) => name),
      `${path}.containers`,
    ),
    ...validateVolumes(spec.volumes ?? [], `${path}.volumes`),
    ...supported(spec.restartPolicy, ['Always', 'OnFailure', 'Never'], `${path}.restartPolicy`),
    ...supported(spec.dnsPolicy, ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'], `${path}.dnsPolicy`),
    ...atLeast(spec.terminationGracePeriodSeconds, 0, `${path}.terminationGracePeriodSeconds`),
    ...(spec.activeDeadlineSeconds === undefined
      ? []
      : atLeast(spec.activeDeadlineSeconds, 1, `${path}.activeDeadlineSeconds`)),
    ...checkPod(spec, path),
  ];
}

interface PodContext {
  readonly volumeNames: readonly string[];
  readonly path: string;
}

function validateContainers(containers: readonly Container[], field: string, context: PodContext): readonly Fault[] {
  return containers.flatMap((container, index) =>
    validateContainer(container, `${context.path}.${field}[${index}]`, context),
  );
}

function validateContainer(container: Container, path: string, context: PodContext): readonly Fault[] {
  return [
    ...(container.name === undefined || container.name === ''
      ? [required(`${path}.name`)]
      : misnamed(`${path}.name`, container.name, dns1123Label)),
    ...(container.image === undefined || container.image === '' ? [required(`${path}.image`)] : []),
    ...(container.image === undefined || container.image.trim() === container.image
      ? []
      : [invalid(`${path}.image`, container.image, 'must not have leading or trailing whitespace')]),
    ...supported(container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never'], `${path}.imagePullPolicy`),
    ...(container.ports ?? []).flatMap((port, index) => validatePort(port, `${path}.ports[${index}]`)),
    ...duplicateNames(
      (container.ports ?? []).flatMap(({ name }) => (name === undefined ? [] : [name])),
      `${path}.ports`,
    ),
    ...(container.env ?? []).flatMap((variable, index) =>
      validateEnvironmentVariable(variable, `${path}.env[${index}]`),
    ),
    ...(container.volumeMounts ?? []).flatMap((mount, index) =>
      validateMount(mount, `${path}.volumeMounts[${index}]`, context),
    ),
    ...(['livenessProbe', 'readinessProbe', 'startupProbe'] as const).flatMap((name) =>
      validateProbe(container[name], `${path}.${name}`, name),
    ),
  ];
}

function validatePort(port: NonNullable<Container['ports']>[number], path: string): readonly Fault[] {
  return [
    ...portNumber(port.containerPort, `${path}.containerPort`),
    ...(port.hostPort === undefined || port.hostPort === 0 ? [] : portNumber(port.hostPort, `${path}.hostPort`)),
    ...(port.name === undefined ? [] : portName(port.name, `${path}.name`)),
    ...supported(port.protocol, ['SCTP', 'TCP', 'UDP'], `${path}.protocol`),
  ];
}

function validateEnvironmentVariable(variable: NonNullable<Container['env']>[number], path: string): readonly Fault[] {
  if (variable.name === undefined || variable.name === '') return [required(`${path}.name`)];
  const name = isVariableName(variable.name) ? [] : [invalid(`${path}.name`, variable.name, variableNameRule)];
  const both =
    variable.valueFrom !== undefined && variable.value !== undefined && variable.value !== ''
      ? [invalid(`${path}.valueFrom`, '', 'may not be specified when `value` is not empty')]
      : [];
  return [...name, ...both];
}

function validateMount(
  mount: NonNullable<Container['volumeMounts']>[number],
  path: string,
  context: PodContext,
): readonly Fault[] {
  return [
    ...(mount.name === undefined || mount.name === ''
      ? [required(`${path}.name`)]
      : context.volumeNames.includes(mount.name)
        ? []
        : [notFound(`${path}.name`, mount.name)]),
    ...(mount.mountPath === undefined || mount.mountPath === '' ? [required(`${path}.mountPath`)] : []),
    ...((mount.mountPath ?? '').includes(':')
      ? [invalid(`${path}.mountPath`, mount.mountPath, "must not contain ':'")]
      : []),
    ...descendingPath(mount.subPath, `${path}.subPath`),
    ...descendingPath(mount.subPathExpr, `${path}.subPathExpr`),
  ];
}

/** A path that stays below where it begins. */
function descendingPath(value: string | undefined, path: string): readonly Fault[] {
  if (value === undefined) return [];
  return [
    ...(value.startsWith('/') ? [invalid(path, value, 'must be a relative path')] : []),
    ...(value.split('/').includes('..') ? [invalid(path, value, "must not contain '..'")] : []),
  ];
}

/** The path of a file in a volume, where names that begin with two dots are those of the kubelet's own files. */
function volumeFile(value: string | undefined, path: string): readonly Fault[] {
  if (value === undefined || value === '') return [required(path)];
  const faults = descendingPath(value, path);
  const isReserved = value.startsWith('..') && !value.split('/').includes('..');
  return isReserved ? [...faults, invalid(path, value, "must not start with '..'")] : faults;
}

interface VolumeFiles {
  readonly items?: readonly { readonly path?: string | undefined }[] | undefined;
}

type ProjectedKind = 'configMap' | 'secret' | 'downwardAPI';

function validateVolumeFiles(
  source: { readonly [Kind in ProjectedKind]?: VolumeFiles | undefined },
  path: string,
): readonly Fault[] {
  return (['configMap', 'secret', 'downwardAPI'] as const).flatMap((kind) =>
    (source[kind]?.items ?? []).flatMap((item, index) => volumeFile(item.path, `${path}.${kind}.items[${index}].path`)),
  );
}

function validateProjectedFiles({ projected }: Volume, path: string): readonly Fault[] {
  return (projected?.sources ?? []).flatMap((source, index) => {
    const at = `${path}.projected.sources[${index}]`;
    const { serviceAccountToken: token } = source;
    return [
      ...validateVolumeFiles(source, at),
      ...(token === undefined ? [] : volumeFile(token.path, `${at}.serviceAccountToken.path`)),
    ];
  });
}

function validateVolumes(volumes: readonly Volume[], path: string): readonly Fault[] {
  const each = volumes.flatMap((volume, index) => {
    const at = `${path}[${index}]`;
    const sources = Object.entries(volume).filter(([key, value]) => key !== 'name' && value !== undefined);
    return [
      ...(volume.name === undefined || volume.name === ''
        ? [required(`${at}.name`)]
        : misnamed(`${at}.name`, volume.name, dns1123Label)),
      ...(sources.length > 1
        ? [
            {
              reason: 'FieldValueForbidden',
              field: `${at}.${sources[1]?.[0] ?? ''}`,
              message: 'Forbidden: may not specify more than 1 volume type',
            },
          ]
        : []),
      ...(sources.length === 0 ? [required(at, 'must specify a volume type')] : []),
      ...checkVolume(volume, at),
      ...validateVolumeFiles(volume, at),
      ...validateProjectedFiles(volume, at),
    ];
  });
  return [
    ...each,
    ...duplicateNames(
      volumes.map(({ name }) => name),
      path,
    ),
  ];
}

function validateProbe(probe: Probe | undefined, path: string, kind: string): readonly Fault[] {
  if (probe === undefined) return [];
  const handlers = [probe.exec, probe.httpGet, probe.tcpSocket, probe.grpc].filter(
    (handler) => handler !== undefined,
  ).length;
  return [
    ...(handlers === 0 ? [required(path, 'must specify a handler type')] : []),
    ...(handlers > 1
      ? [{ reason: 'FieldValueForbidden', field: path, message: 'Forbidden: may not specify more than 1 handler type' }]
      : []),
    ...(
      ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const
    ).flatMap((field) => atLeast(probe[field], 0, `${path}.${field}`)),
    ...(kind !== 'readinessProbe' && (probe.successThreshold ?? 1) !== 1
      ? [invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1')]
      : []),
  ];
}

export function atLeast(value: number | undefined, minimum: number, path: string): readonly Fault[] {
  return value === undefined || value >= minimum
    ? []
    : [invalid(path, value, `must be greater than or equal to ${minimum}`)];
}

export function supported(value: string | undefined, values: readonly string[], path: string): readonly Fault[] {
  return value === undefined || values.includes(value) ? [] : [notSupported(path, value, values)];
}

function duplicateNames(names: readonly string[], path: string): readonly Fault[] {
  return names.flatMap((name, index) =>
    names.indexOf(name) < index ? [duplicate(`${path}[${index}].name`, name)] : [],
  );
}
