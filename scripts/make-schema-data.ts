/**
 * Makes the project's own data files of the types of Kubernetes from a schema of the API (see NOTICE):
 * `kubernetes.json`, what a field is in JSON, and `kubernetes-protobuf.json`, how it stands on the wire.
 *
 *     node scripts/make-schema-data.ts schema.json
 *     node scripts/generate-types.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** Defaults that the source names by the constant of Go that holds them. */
const constants: Readonly<Record<string, string>> = {
  AzureDataDiskCachingReadWrite: 'ReadWrite',
  AzureSharedBlobDisk: 'Shared',
};

type TypeReference = string | readonly ['list' | 'map', TypeReference];

interface SourceField {
  readonly name?: string;
  readonly type: TypeReference;
  readonly proto?: number;
  readonly required?: boolean;
  readonly inline?: boolean;
  default?: string;
  byValue?: true;
  pointer?: true;
}

interface SourceType {
  readonly fields?: readonly SourceField[];
  readonly alias?: TypeReference;
  readonly protoItems?: number;
  readonly special?: string;
  structType?: 'atomic';
}

interface Source {
  readonly kinds: ReadonlyArray<{ readonly type: string }>;
  readonly types: Readonly<Record<string, SourceType>>;
}

/** Number, name in JSON (empty: the fields of the message stand in the parent), type. */
type WireField = readonly [number, string, string];

/** Messages of requests that are no kinds of the API, and one that is reached through types with a form of their own. */
const otherRoots = [
  'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions',
  'io.k8s.api.authentication.v1.TokenRequest',
  'io.k8s.api.autoscaling.v1.Scale',
  'io.k8s.api.core.v1.Binding',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps',
];

const scalars: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'bool',
  int32: 'int',
  int64: 'int',
  float64: 'double',
  bytes: 'bytes',
};

const [input] = process.argv.slice(2);
if (input === undefined) throw new Error('usage: node scripts/make-schema-data.ts schema.json');
const schema: Source = JSON.parse(readFileSync(input, 'utf8'));

/**
 * Fields that are pointers in Go. Its encoder writes other scalars even when they were never set, so a zero on the wire
 * means something for these only, and in JSON others are left out; found by what `kubectl set env --local` prints of objects
 * full of zeros. With them the few lists that are written although they are empty and nobody has to give them.
 */
const meaningfulZeros: Readonly<Record<string, readonly string[]>> = JSON.parse(
  readFileSync(new URL('meaningful-zeros.json', import.meta.url), 'utf8'),
);

/**
 * Types whose objects are one value to server-side apply: references, selectors and the like. Kubernetes says so of the type
 * (`+structType=atomic`, in OpenAPI `x-kubernetes-map-type: atomic`) and the source does not; what it says of a field stands.
 */
const atomicTypes = [
  ...inGroup('io.k8s.api.admissionregistration.v1', [
    'MatchResources',
    'NamedRuleWithOperations',
    'ParamKind',
    'ParamRef',
    'Variable',
  ]),
  ...inGroup('io.k8s.api.autoscaling.v1', ['CrossVersionObjectReference']),
  ...inGroup('io.k8s.api.core.v1', [
    'ConfigMapKeySelector',
    'EndpointAddress',
    'EndpointPort',
    'LocalObjectReference',
    'NodeSelector',
    'NodeSelectorTerm',
    'ObjectFieldSelector',
    'ObjectReference',
    'ResourceFieldSelector',
    'ScopeSelector',
    'ScopedResourceSelectorRequirement',
    'SecretKeySelector',
    'SecretReference',
    'TopologySelectorTerm',
    'TypedLocalObjectReference',
  ]),
  ...inGroup('io.k8s.api.discovery.v1', ['EndpointPort']),
  ...inGroup('io.k8s.api.networking.v1', ['ServiceBackendPort']),
  ...inGroup('io.k8s.api.rbac.v1', ['RoleRef', 'Subject']),
  ...inGroup('io.k8s.apimachinery.pkg.apis.meta.v1', ['LabelSelector', 'OwnerReference']),
];

for (const name of atomicTypes) {
  const type = schema.types[name];
  if (type === undefined) throw new Error(`there is no type ${name} that could be one value`);
  type.structType = 'atomic';
}
/**
 * Fields that hold a struct and no pointer to one in Go: its encoder writes them although they are empty, so whoever sets
 * something in them does not set them. They are those that are required, and these.
 */
const valueFields = new Set([
  ...['metadata', 'spec', 'status', 'template', 'strategy', 'updateStrategy', 'resources', 'loadBalancer'],
  ...['daemonEndpoints', 'kubeletEndpoint', 'nodeInfo', 'conditions', 'state', 'lastState', 'source', 'involvedObject'],
  ...['regarding', 'deprecatedSource', 'acceptedNames', 'user', 'port'],
]);

/** Pointers although they are called so, or required. */
const pointerFields = new Set([
  'AdmissionResponse.status',
  'ContainerStatus.resources',
  'CustomResourceSubresources.status',
  'DaemonSetSpec.selector',
  'DeploymentSpec.selector',
  'PodSpec.resources',
  'ReplicaSetSpec.selector',
  'ReplicationControllerSpec.template',
  'ScaleIOPersistentVolumeSource.secretRef',
  'ScaleIOVolumeSource.secretRef',
  'StatefulSetSpec.selector',
]);

for (const [type, { fields = [] }] of Object.entries(schema.types)) {
  for (const field of fields) {
    if (field.default !== undefined) field.default = resolveDefault(field.default, type);
    if (isByValue(field, type)) field.byValue = true;
    if (isZeroMeant(field, type)) field.pointer = true;
  }
}

write('kubernetes.json', schema, (key, value: unknown) =>
  key === 'proto' || key === 'protoItems' ? undefined : value,
);
write('kubernetes-protobuf.json', wireTable());

function isByValue({ name = '', type, required, inline }: SourceField, of: string): boolean {
  if (inline === true || typeof type !== 'string' || schema.types[type]?.fields === undefined) return false;
  const isPointer = pointerFields.has(`${of.slice(of.lastIndexOf('.') + 1)}.${name}`);
  return !isPointer && (required === true || valueFields.has(name));
}

function isZeroMeant({ name = '' }: SourceField, type: string): boolean {
  return meaningfulZeros[type]?.includes(name) === true;
}

function inGroup(group: string, names: readonly string[]): readonly string[] {
  return names.map((name) => `${group}.${name}`);
}

function write(name: string, value: unknown, replacer?: (key: string, value: unknown) => unknown): void {
  const target = new URL(`../packages/cluster/src/schema/${name}`, import.meta.url);
  writeFileSync(target, `${JSON.stringify(value, replacer)}\n`);
}

/** JSON text, whatever the source says. */
function resolveDefault(text: string, type: string): string {
  const name = /^ref\((\w+)\)$/.exec(text)?.[1];
  if (name === undefined) return text;
  const value = constants[name];
  if (value === undefined) throw new Error(`${type} has a default named ${name}: say in this script what it is`);
  return JSON.stringify(value);
}

/** Every message that can be reached from a kind. */
function wireTable(): Readonly<Record<string, readonly WireField[]>> {
  const table = new Map<string, readonly WireField[]>();
  const waiting = [...schema.kinds.map(({ type }) => type), ...otherRoots];
  for (let type = waiting.pop(); type !== undefined; type = waiting.pop()) {
    if (table.has(type)) continue;
    const fields = messageFields(type);
    table.set(type, fields);
    waiting.push(...fields.map(([, , reference]) => reference.replace(/^[?[\]{}]+/, '')).filter(isMessage));
  }
  return Object.fromEntries([...table].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isMessage(name: string): boolean {
  return schema.types[name]?.fields !== undefined;
}

function messageFields(type: string): readonly WireField[] {
  const fields = schema.types[type]?.fields;
  if (fields === undefined) throw new Error(`${type} is no type with fields`);
  return fields.flatMap((field) => {
    if (field.proto === undefined) return [];
    const reference = wireType(field.type);
    const isMeant = field.required === true || field.pointer === true;
    return [[field.proto, field.name ?? '', isMeant ? `?${reference}` : reference] as const];
  });
}

/** `[]T` is a list, `{}T` a map with strings as keys; names without a dot are scalars and messages with a form of their own. */
function wireType(type: TypeReference): string {
  if (typeof type !== 'string') return `${type[0] === 'list' ? '[]' : '{}'}${wireType(type[1])}`;
  const known = schema.types[type];
  if (known === undefined) return scalars[type] ?? type;
  if (known.special !== undefined) return known.special;
  if (known.protoItems !== undefined) return 'StringList';
  return known.alias === undefined ? type : wireType(known.alias);
}
