import type {
  ConfigMap,
  Endpoints,
  Namespace,
  Node,
  Secret,
  Service,
  ServiceAccount,
  ServicePort,
} from '@slipway/kube/api.generated';
import { findCondition } from '@slipway/kube/conditions';
import { canonicalJson } from '@slipway/kube/hash';
import { configMaps, endpoints, namespaces, nodes, secrets, serviceAccounts, services } from '@slipway/kube/resources';
import { age, selectorText } from '../columns.ts';
import type { Fault } from '../definition.ts';
import { allVerbs, define } from '../entry.ts';
import { duplicate, forbidden, invalid, misnamed, required, tooLong } from '../faults.ts';
import { goStrings } from '../go-text.ts';
import { validateLabels } from '../metadata.ts';
import { dns1035Label, dns1123Label, dns1123Subdomain } from '../names.ts';
import { checkSecretType } from './secret-rules.ts';
import { checkAddresses, checkTraffic, isOutside, withAffinity, withoutTypesOwn } from './service-rules.ts';
import { serviceWarnings } from './service-warnings.ts';
import { supported } from './pod-template.ts';
import { portName, portNumber } from './port-rules.ts';

const maximumDataBytes = 1024 * 1024;

export const namespace = define<Namespace>({
  type: namespaces,
  schemaType: 'io.k8s.api.core.v1.Namespace',
  verbs: allVerbs.filter((verb) => verb !== 'deletecollection'),
  shortNames: ['ns'],
  hasStatus: true,
  connect: ['finalize'],
  nameRule: dns1123Label,
  columns: [{ name: 'Status', cell: ({ status }) => status?.phase ?? '' }],
  selectableFields: { 'status.phase': (object) => object.status?.phase ?? '' },
  defaults: (object) => ({
    ...object,
    metadata: {
      ...object.metadata,
      labels: { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name ?? '' },
    },
  }),
  prepareCreate: (object) => ({
    ...object,
    spec: { ...object.spec, finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }),
  // Finalizers of the spec change through the subresource `finalize` only.
  prepareUpdate: (object, old) => ({ ...object, spec: { ...object.spec, finalizers: old.spec?.finalizers } }),
});

export const node = define<Node>({
  type: nodes,
  schemaType: 'io.k8s.api.core.v1.Node',
  shortNames: ['no'],
  hasStatus: true,
  connect: ['proxy'],
  nameRule: dns1123Subdomain,
  bareColumns: true,
  columns: [
    { name: 'Name', cell: ({ metadata }) => metadata.name ?? '' },
    { name: 'Status', cell: nodeStatus },
    { name: 'Roles', cell: nodeRoles },
    { name: 'Age', cell: ({ metadata }, now) => age(metadata.creationTimestamp, now) },
    { name: 'Version', cell: ({ status }) => status?.nodeInfo?.kubeletVersion ?? '' },
    { name: 'Internal-IP', wide: true, cell: (object) => nodeAddress(object, 'InternalIP') },
    { name: 'External-IP', wide: true, cell: (object) => nodeAddress(object, 'ExternalIP') },
    { name: 'OS-Image', wide: true, cell: ({ status }) => status?.nodeInfo?.osImage ?? '<unknown>' },
    { name: 'Kernel-Version', wide: true, cell: ({ status }) => status?.nodeInfo?.kernelVersion ?? '<unknown>' },
    {
      name: 'Container-Runtime',
      wide: true,
      cell: ({ status }) => status?.nodeInfo?.containerRuntimeVersion ?? '<unknown>',
    },
  ],
  selectableFields: { 'spec.unschedulable': (object) => String(object.spec?.unschedulable ?? false) },
  // A kubelet registers itself with its status in one request.
  prepareCreate: (object) => object,
});

function nodeStatus({ spec, status }: Node): string {
  const ready = findCondition(status?.conditions, 'Ready');
  const base = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return spec?.unschedulable === true ? `${base},SchedulingDisabled` : base;
}

function nodeRoles({ metadata }: Node): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.keys(metadata.labels ?? {}).filter((label) => label.startsWith(prefix));
  return roles.length === 0
    ? '<none>'
    : roles
        .map((label) => label.slice(prefix.length))
        .toSorted()
        .join(',');
}

function nodeAddress({ status }: Node, type: string): string {
  return status?.addresses?.find((address) => address.type === type)?.address ?? '<none>';
}

export const service = define<Service>({
  type: services,
  createdByUpdate: true,
  schemaType: 'io.k8s.api.core.v1.Service',
  shortNames: ['svc'],
  categories: ['all'],
  hasStatus: true,
  connect: ['proxy'],
  nameRule: dns1035Label,
  columns: [
    { name: 'Type', cell: ({ spec }) => spec?.type ?? '' },
    {
      name: 'Cluster-IP',
      cell: ({ spec }) => (spec?.clusterIP === undefined || spec.clusterIP === '' ? '<none>' : spec.clusterIP),
    },
    { name: 'External-IP', cell: externalAddress },
    { name: 'Port(s)', cell: ({ spec }) => (spec?.ports ?? []).map(portText).join(',') || '<none>' },
    { name: 'Selector', wide: true, cell: ({ spec }) => selectorText(spec?.selector) },
  ],
  selectableFields: {
    'spec.clusterIP': (object) => object.spec?.clusterIP ?? '',
    'spec.type': (object) => object.spec?.type ?? '',
  },
  defaults: defaultService,
  prepareCreate: (object) => ({ ...object, status: { loadBalancer: {} } }),
  prepareUpdate: keepAllocations,
  validate: validateService,
  warnings: serviceWarnings,
  validateUpdate: (object, old) =>
    old.spec?.type !== 'ExternalName' &&
    object.spec?.type !== 'ExternalName' &&
    old.spec?.clusterIP !== object.spec?.clusterIP
      ? [invalid('spec.clusterIPs[0]', goStrings(object.spec?.clusterIPs), 'may not change once set')]
      : [],
});

function externalAddress({ spec, status }: Service): string {
  if (spec?.type === 'ExternalName') return spec.externalName ?? '';
  const assigned = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip ?? hostname ?? []);
  const addresses = [...assigned, ...(spec?.externalIPs ?? [])];
  if (addresses.length > 0) return addresses.join(',');
  return spec?.type === 'LoadBalancer' ? '<pending>' : '<none>';
}

function portText({ port, nodePort, protocol }: ServicePort): string {
  return nodePort === undefined || nodePort === 0
    ? `${port}/${protocol ?? 'TCP'}`
    : `${port}:${nodePort}/${protocol ?? 'TCP'}`;
}

function defaultService(object: Service): Service {
  const { spec } = object;
  if (spec === undefined) return object;
  const type = spec.type ?? 'ClusterIP';
  return {
    ...object,
    spec: withAffinity({
      type,
      sessionAffinity: 'None',
      ...(type === 'ExternalName'
        ? {}
        : {
            internalTrafficPolicy: 'Cluster' as const,
            ipFamilies: ['IPv4' as const],
            ipFamilyPolicy: 'SingleStack' as const,
          }),
      ...(isOutside(spec) ? { externalTrafficPolicy: 'Cluster' as const } : {}),
      ...(type === 'LoadBalancer' ? { allocateLoadBalancerNodePorts: true } : {}),
      ...spec,
      ...(spec.ports === undefined ? {} : { ports: spec.ports.map(defaultPort) }),
    }),
  };
}

/** A replace that leaves addresses out keeps those that were given before. */
function keepAllocations(object: Service, old: Service): Service {
  if (object.spec === undefined) return object;
  const spec = withoutTypesOwn(object.spec, old);
  if (spec.type === 'ExternalName') return { ...object, spec };
  const oldPorts = old.spec?.ports ?? [];
  const takesNodePorts = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  const ports = spec.ports?.map((port) => {
    const { nodePort, ...rest } = port;
    if (!takesNodePorts) return rest;
    const before = oldPorts.find(
      (candidate) => candidate.port === port.port && candidate.protocol === port.protocol,
    )?.nodePort;
    const kept = nodePort ?? before;
    return kept === undefined ? rest : { ...rest, nodePort: kept };
  });
  const clusterIP = spec.clusterIP === undefined || spec.clusterIP === '' ? old.spec?.clusterIP : spec.clusterIP;
  return {
    ...object,
    spec: {
      ...spec,
      clusterIP,
      clusterIPs: clusterIP === undefined ? undefined : [clusterIP],
      ...(ports === undefined ? {} : { ports }),
    },
  };
}

function validateService({ spec }: Service): readonly Fault[] {
  if (spec === undefined) return [required('spec')];
  const ports = spec.ports ?? [];
  const needsPorts = spec.type !== 'ExternalName' && spec.clusterIP !== 'None';
  return [
    ...supported(spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'], 'spec.type'),
    ...supported(spec.sessionAffinity, ['ClientIP', 'None'], 'spec.sessionAffinity'),
    ...(needsPorts && ports.length === 0 ? [required('spec.ports')] : []),
    ...checkAddresses(spec),
    ...checkTraffic(spec),
    ...ports.flatMap((port, index) =>
      validateServicePort(port, { path: `spec.ports[${index}]`, isOnlyOne: ports.length === 1 }),
    ),
    ...duplicatePorts(ports),
    ...validateLabels(spec.selector, 'spec.selector'),
  ];
}

function validateServicePort(
  port: ServicePort,
  at: { readonly path: string; readonly isOnlyOne: boolean },
): readonly Fault[] {
  const { path, isOnlyOne } = at;
  return [
    ...((port.name ?? '') === ''
      ? isOnlyOne
        ? []
        : [required(`${path}.name`)]
      : misnamed(`${path}.name`, port.name ?? '', dns1123Label)),
    ...portNumber(port.port, `${path}.port`),
    ...supported(port.protocol, ['SCTP', 'TCP', 'UDP'], `${path}.protocol`),
    ...targetPort(port.targetPort, `${path}.targetPort`),
  ];
}

/** Of a port that is a number or a name the empty ones say nothing. */
function defaultPort({ targetPort, ...port }: ServicePort): ServicePort {
  const isSaid = targetPort !== undefined && targetPort !== 0 && targetPort !== '';
  return { protocol: 'TCP', targetPort: isSaid ? targetPort : port.port, ...port };
}

function targetPort(port: number | string | undefined, path: string): readonly Fault[] {
  if (port === undefined) return [];
  return typeof port === 'number' ? portNumber(port, path) : portName(port, path);
}

function duplicatePorts(ports: readonly ServicePort[]): readonly Fault[] {
  const names = ports.map(({ name }) => name);
  const numbers = ports.map(({ port, protocol }) => `${port}/${protocol ?? 'TCP'}`);
  return ports.flatMap((port, index) => [
    ...(port.name !== undefined && names.indexOf(port.name) < index
      ? [duplicate(`spec.ports[${index}].name`, port.name)]
      : []),
    ...(numbers.indexOf(numbers[index] ?? '') < index
      ? [duplicate(`spec.ports[${index}]`, { port: port.port, protocol: port.protocol })]
      : []),
  ]);
}

export const endpoint = define<Endpoints>({
  type: endpoints,
  createdByUpdate: true,
  schemaType: 'io.k8s.api.core.v1.Endpoints',
  shortNames: ['ep'],
  nameRule: dns1123Subdomain,
  columns: [{ name: 'Endpoints', cell: endpointsText }],
});

function endpointsText({ subsets = [] }: Endpoints): string {
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    addresses.flatMap(({ ip }) => (ports.length === 0 ? [ip] : ports.map(({ port }) => `${ip}:${port}`))),
  );
  if (all.length === 0) return '<none>';
  return all.length <= 3 ? all.join(',') : `${all.slice(0, 3).join(',')} + ${all.length - 3} more...`;
}

export const configMap = define<ConfigMap>({
  type: configMaps,
  schemaType: 'io.k8s.api.core.v1.ConfigMap',
  shortNames: ['cm'],
  nameRule: dns1123Subdomain,
  columns: [
    {
      name: 'Data',
      type: 'integer',
      cell: ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
    },
  ],
  validate: ({ data, binaryData }) => [
    ...dataKeys(data, 'data'),
    ...dataKeys(binaryData, 'binaryData'),
    ...(binaryData === undefined ? dataSize(data, '') : dataSize({ ...data, ...binaryData }, '')),
  ],
  validateUpdate: (object, old) => immutableData(object, old),
});

export const secret = define<Secret>({
  type: secrets,
  schemaType: 'io.k8s.api.core.v1.Secret',
  nameRule: dns1123Subdomain,
  columns: [
    { name: 'Type', cell: ({ type }) => type ?? '' },
    { name: 'Data', type: 'integer', cell: ({ data }) => Object.keys(data ?? {}).length },
  ],
  selectableFields: { type: (object) => object.type ?? '' },
  defaults: (object) => {
    const { stringData, ...rest } = object;
    if (stringData === undefined) return { type: 'Opaque', ...rest };
    const encoded = Object.fromEntries(
      Object.entries(stringData).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    );
    return { type: 'Opaque', ...rest, data: { ...rest.data, ...encoded } };
  },
  validate: (object) => [
    ...dataKeys(object.data, 'data'),
    ...dataSize(object.data, 'data'),
    ...checkSecretType(object),
  ],
  validateUpdate: (object, old) => [
    ...(object.type === old.type ? [] : [invalid('type', object.type, 'field is immutable')]),
    ...immutableData(object, old),
  ],
});

function dataKeys(data: Readonly<Record<string, string>> | undefined, path: string): readonly Fault[] {
  const rule =
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
  let faults: Fault[] | undefined;
  for (const key in data) if (!isDataKey(key)) (faults ??= []).push(invalid(`${path}[${key}]`, key, rule));
  return faults ?? none;
}

const none: readonly never[] = [];

function isDataKey(key: string): boolean {
  return /^[-._a-zA-Z0-9]{1,253}$/.test(key) && key !== '.' && !key.startsWith('..');
}

function dataSize(data: Readonly<Record<string, string>> = {}, path: string): readonly Fault[] {
  let size = 0;
  for (const key in data) size += Buffer.byteLength(data[key] ?? '');
  return size > maximumDataBytes ? [tooLong(path, maximumDataBytes)] : [];
}

function immutableData(object: ConfigMap | Secret, old: ConfigMap | Secret): readonly Fault[] {
  if (old.immutable !== true) return [];
  const same =
    canonicalJson([object.data, 'binaryData' in object ? object.binaryData : undefined]) ===
    canonicalJson([old.data, 'binaryData' in old ? old.binaryData : undefined]);
  return [
    ...(object.immutable === true ? [] : [forbidden('immutable', 'field is immutable when `immutable` is set')]),
    ...(same ? [] : [forbidden('data', 'field is immutable when `immutable` is set')]),
  ];
}

export const serviceAccount = define<ServiceAccount>({
  type: serviceAccounts,
  schemaType: 'io.k8s.api.core.v1.ServiceAccount',
  shortNames: ['sa'],
  connect: ['token'],
  nameRule: dns1123Subdomain,
  columns: [{ name: 'Secrets', type: 'integer', cell: (object) => object.secrets?.length ?? 0 }],
});
