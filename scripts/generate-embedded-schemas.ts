/**
 * Writes the structural schemas of the parts of Kubernetes objects that our custom resources hold (a pod template, a
 * Service's spec), from the schema data file of the embedded cluster. Structural schemas are stricter than OpenAPI: every key of a list map is required or has a
 * default, and a nested metadata keeps only the fields that it lists.
 *
 *     node scripts/generate-embedded-schemas.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';

type TypeRef = string | readonly ['list' | 'map', TypeRef];

interface FieldData {
  readonly name: string;
  readonly type: TypeRef;
  readonly required?: boolean;
  readonly inline?: boolean;
  readonly listType?: string;
  readonly listMapKeys?: readonly string[];
  readonly mapType?: string;
}

interface TypeData {
  readonly fields?: readonly FieldData[];
  readonly alias?: TypeRef;
  readonly structType?: string;
}

type Schema = Readonly<Record<string, unknown>>;

const source = new URL('../packages/cluster/src/schema/kubernetes.json', import.meta.url);
const target = new URL('../packages/delivery/src/api/definitions/', import.meta.url);

const { types }: { readonly types: Readonly<Record<string, TypeData>> } = JSON.parse(readFileSync(source, 'utf8'));

const text = { type: 'string' };
const scalars: Readonly<Record<string, Schema>> = {
  string: text,
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  float64: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  Time: { type: 'string', format: 'date-time' },
  MicroTime: { type: 'string', format: 'date-time' },
  Duration: text,
  Quantity: { 'x-kubernetes-int-or-string': true },
  IntOrString: { 'x-kubernetes-int-or-string': true },
  RawExtension: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  JSON: { 'x-kubernetes-preserve-unknown-fields': true },
};

const map = { type: 'object', additionalProperties: text };
const embeddedMetadata: Schema = { type: 'object', properties: { labels: map, annotations: map } };

/** Ephemeral containers are added by people to running pods only; the selector of a Service is delivery's. */
const leftOut: ReadonlySet<string> = new Set(['PodSpec.ephemeralContainers', 'ServiceSpec.selector']);

/** Defaults of fields that are keys of a list map. No others: a template stays as its author wrote it. */
const keyDefaults: Readonly<Record<string, unknown>> = { protocol: 'TCP', name: '' };

function schemaOf(type: TypeRef): Schema {
  if (typeof type !== 'string') {
    return type[0] === 'list'
      ? { type: 'array', items: schemaOf(type[1]) }
      : { type: 'object', additionalProperties: schemaOf(type[1]) };
  }
  const scalar = scalars[type];
  if (scalar !== undefined) return scalar;
  if (type.endsWith('.ObjectMeta')) return embeddedMetadata;
  const data = types[type];
  if (data === undefined) throw new Error(`the schema data has no type ${type}`);
  if (data.alias !== undefined) return schemaOf(data.alias);
  return objectSchema(type.slice(type.lastIndexOf('.') + 1), data);
}

function flatFields(data: TypeData): readonly FieldData[] {
  return (data.fields ?? []).flatMap((field) =>
    field.inline === true && typeof field.type === 'string' ? flatFields(types[field.type] ?? {}) : [field],
  );
}

function objectSchema(name: string, data: TypeData): Schema {
  const fields = flatFields(data).filter((field) => !leftOut.has(`${name}.${field.name}`));
  const required = fields.filter((field) => field.required === true).map((field) => field.name);
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
    ...(required.length > 0 ? { required } : {}),
    ...(data.structType === undefined ? {} : { 'x-kubernetes-map-type': data.structType }),
  };
}

function fieldSchema(field: FieldData): Schema {
  const schema = schemaOf(field.type);
  if (field.listType === 'map') return listMapSchema(schema, field.listMapKeys ?? []);
  return {
    ...schema,
    ...(field.listType === undefined ? {} : { 'x-kubernetes-list-type': field.listType }),
    ...(field.mapType === undefined ? {} : { 'x-kubernetes-map-type': field.mapType }),
  };
}

function listMapSchema(schema: Schema, keys: readonly string[]): Schema {
  return {
    ...schema,
    items: keys.reduce(requireOrDefault, asSchema(schema['items'])),
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': keys,
  };
}

function requireOrDefault(items: Schema, key: string): Schema {
  const required = Array.isArray(items['required']) ? items['required'] : [];
  if (required.includes(key)) return items;
  const properties = asSchema(items['properties']);
  const property = { ...asSchema(properties[key]), default: keyDefaults[key] };
  if (property.default === undefined) throw new Error(`the list map key ${key} is neither required nor has a default`);
  return { ...items, properties: { ...properties, [key]: property } };
}

function asSchema(value: unknown): Schema {
  if (typeof value !== 'object' || value === null) throw new Error('expected a schema');
  return Object.fromEntries(Object.entries(value));
}

for (const [file, type] of [
  ['pod-template', 'io.k8s.api.core.v1.PodTemplateSpec'],
  ['service-spec', 'io.k8s.api.core.v1.ServiceSpec'],
] as const) {
  writeFileSync(new URL(`${file}.generated.json`, target), `${JSON.stringify(schemaOf(type))}\n`);
}
