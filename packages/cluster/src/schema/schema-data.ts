/** The types of Kubernetes as data (kubernetes.json), and the schema nodes made from them when they are first asked for. */
import { readFileSync } from 'node:fs';
import type { SchemaField, SchemaNode } from './definition.ts';

type TypeReference = string | readonly ['list' | 'map', TypeReference];

interface FieldData {
  readonly name: string;
  readonly type: TypeReference;
  readonly required?: boolean;
  readonly inline?: boolean;
  readonly byValue?: boolean;
  readonly pointer?: boolean;
  /** JSON text. */
  readonly default?: string;
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  readonly mapType?: 'atomic' | 'granular';
  readonly structType?: 'atomic' | 'granular';
}

interface TypeData {
  readonly fields?: readonly FieldData[];
  readonly alias?: TypeReference;
  readonly enum?: readonly string[];
  readonly structType?: 'atomic' | 'granular';
}

interface SchemaData {
  readonly kubernetes: string;
  readonly types: Readonly<Record<string, TypeData>>;
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

const scalars: Readonly<Record<string, SchemaNode>> = {
  string: { kind: 'scalar', type: 'string' },
  bool: { kind: 'scalar', type: 'boolean' },
  int32: { kind: 'scalar', type: 'integer', format: 'int32' },
  int64: { kind: 'scalar', type: 'integer', format: 'int64' },
  float64: { kind: 'scalar', type: 'number', format: 'double' },
  bytes: { kind: 'scalar', type: 'bytes', format: 'byte' },
  Time: { kind: 'scalar', name: `${meta}.Time`, type: 'time', format: 'date-time', nullable: true },
  MicroTime: { kind: 'scalar', name: `${meta}.MicroTime`, type: 'microTime', format: 'date-time', nullable: true },
  Duration: { kind: 'scalar', name: `${meta}.Duration`, type: 'duration' },
  Quantity: { kind: 'scalar', name: 'io.k8s.apimachinery.pkg.api.resource.Quantity', type: 'quantity' },
  IntOrString: {
    kind: 'scalar',
    name: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
    type: 'intOrString',
    format: 'int-or-string',
  },
  RawExtension: { kind: 'any', name: 'io.k8s.apimachinery.pkg.runtime.RawExtension' },
  FieldsV1: { kind: 'any', name: `${meta}.FieldsV1` },
  JSON: { kind: 'any' },
  // A schema, or a list of them, or true: anything goes here, and the schema itself is checked when it is used.
  JSONSchemaPropsOrArray: { kind: 'any' },
  JSONSchemaPropsOrBool: { kind: 'any' },
  JSONSchemaPropsOrStringArray: { kind: 'any' },
};

let loaded: SchemaData | undefined;
const nodes = new Map<string, SchemaNode>();

function schemaData(): SchemaData {
  loaded ??= JSON.parse(readFileSync(new URL('./kubernetes.json', import.meta.url), 'utf8'));
  return loaded as SchemaData;
}

/** The node of a type such as `io.k8s.api.core.v1.Pod`. Types that refer to each other share nodes; some contain themselves. */
export function schemaNode(type: string): SchemaNode {
  const known = nodes.get(type) ?? scalars[type] ?? scalars[shortName(type)];
  if (known !== undefined) return known;
  const data = schemaData().types[type];
  if (data === undefined) throw new Error(`the schema data hold no type named ${type}`);
  if (data.alias !== undefined) return remember(type, aliasNode(data, data.alias));
  const fields = new Map<string, SchemaField>();
  const node = remember(type, { kind: 'object', name: type, fields, structType: data.structType });
  for (const field of data.fields ?? []) addField(fields, field);
  return node;
}

function remember(type: string, node: SchemaNode): SchemaNode {
  nodes.set(type, node);
  return node;
}

function shortName(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1);
}

function aliasNode(data: TypeData, alias: TypeReference): SchemaNode {
  const node = referenceNode(alias, undefined);
  return node.kind === 'scalar' && data.enum !== undefined ? { ...node, enum: data.enum } : node;
}

function addField(fields: Map<string, SchemaField>, field: FieldData): void {
  if (field.inline === true && typeof field.type === 'string') {
    const inner = schemaNode(field.type);
    if (inner.kind === 'object') for (const [name, value] of inner.fields) fields.set(name, value);
    return;
  }
  // Getters keep the types that nobody has asked for unbuilt.
  let node: SchemaNode | undefined;
  fields.set(field.name, {
    get node() {
      node ??= referenceNode(field.type, field);
      return node;
    },
    required: field.required ?? false,
    byValue: field.byValue,
    pointer: field.pointer,
    default: field.default === undefined ? emptyValue(field) : JSON.parse(field.default),
    patchStrategy: field.patchStrategy,
    patchMergeKey: field.patchMergeKey,
  });
}

/** The selectors of workloads are pointers in Go, and so can be missing although they are required. */
const pointers = new Set(['selector', 'secretRef']);

/** Objects and lists that are required stand there empty when nobody gave them, and are judged by what they lack. */
function emptyValue({ name, type, required }: FieldData): unknown {
  if (required !== true || pointers.has(name)) return undefined;
  const resolved = resolveAlias(type);
  if (typeof resolved !== 'string') return resolved[0] === 'list' ? [] : {};
  return schemaData().types[resolved]?.fields === undefined ? undefined : {};
}

function resolveAlias(type: TypeReference): TypeReference {
  const alias = typeof type === 'string' ? schemaData().types[type]?.alias : undefined;
  return alias === undefined ? type : resolveAlias(alias);
}

function referenceNode(type: TypeReference, field: FieldData | undefined): SchemaNode {
  if (typeof type === 'string') return withMerging(schemaNode(type), field);
  const inner = referenceNode(type[1], undefined);
  return type[0] === 'map'
    ? { kind: 'map', values: inner, mapType: field?.mapType }
    : { kind: 'list', items: inner, listType: field?.listType ?? 'atomic', listMapKeys: field?.listMapKeys ?? [] };
}

/** How it is merged is said of the field; the type, which has a name, may be merged otherwise elsewhere. */
function withMerging(node: SchemaNode, field: FieldData | undefined): SchemaNode {
  if (node.kind === 'object' && field?.structType !== undefined) return { ...node, structType: field.structType };
  if (node.kind === 'list' && field?.listType !== undefined)
    return { ...node, listType: field.listType, listMapKeys: field.listMapKeys ?? [] };
  return node;
}
