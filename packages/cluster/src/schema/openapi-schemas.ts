/** The schemas of OpenAPI documents, made from schema nodes. */
import type { ResourceDefinition, SchemaField, SchemaNode } from './definition.ts';
import { describeField, describeType } from './descriptions.ts';

export type OpenApi = Readonly<Record<string, unknown>>;

type ObjectNode = SchemaNode & { readonly kind: 'object' };
type ScalarNode = SchemaNode & { readonly kind: 'scalar' };

interface Renderer {
  /** What stands before a name in a reference. */
  readonly prefix: string;
  readonly schemas: Map<string, OpenApi>;
}

/** The kinds of these definitions and every type that they refer to, by name. */
export function renderSchemas(
  definitions: readonly ResourceDefinition[],
  prefix: string,
): ReadonlyMap<string, OpenApi> {
  const render: Renderer = { prefix, schemas: new Map() };
  for (const definition of definitions) {
    const { type, schema } = definition;
    const name = kindName(definition);
    if (schema.kind !== 'object') throw new Error(`${name} is no object`);
    render.schemas.set(name, {
      ...renderObject(schema, render, schema.name ?? ''),
      ...(schema.name === undefined ? selectableIn(definition) : {}),
      'x-kubernetes-group-version-kind': [{ group: type.group, version: type.version, kind: type.kind }],
    });
  }
  return render.schemas;
}

/** Kubernetes publishes these of custom resources alone. */
function selectableIn({ selectableFields }: ResourceDefinition): OpenApi {
  const fields = Object.keys(selectableFields).map((fieldPath) => ({ fieldPath }));
  return fields.length === 0 ? {} : { 'x-kubernetes-selectable-fields': fields };
}

/** `io.k8s.api.apps.v1.Deployment`; kinds of users are named in reverse of their group. */
export function kindName({ type, schema }: ResourceDefinition): string {
  const name = schema.kind === 'object' ? schema.name : undefined;
  return name ?? `${type.group.split('.').toReversed().join('.')}.${type.version}.${type.kind}`;
}

/** `type` is absent inside of what users define, who describe it themselves. */
function renderObject(node: ObjectNode, render: Renderer, type?: string): OpenApi {
  const required = [...node.fields].filter(([, field]) => field.required).map(([name]) => name);
  const properties = Object.fromEntries(
    [...node.fields].map(([name, field]) => {
      const description = field.description ?? (type === undefined ? undefined : describeField(type, name));
      return [name, renderField({ ...field, node: field.node, description }, render)];
    }),
  );
  const description = type === undefined ? undefined : describeType(type);
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    properties,
    ...(required.length === 0 ? {} : { required }),
    ...(node.structType === undefined ? {} : { 'x-kubernetes-map-type': node.structType }),
    ...(node.preserveUnknownFields === true ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
  };
}

function renderField(field: SchemaField, render: Renderer): OpenApi {
  const schema = renderNode(field.node, render);
  const extras = {
    ...(field.description === undefined ? {} : { description: field.description }),
    ...(field.default === undefined ? {} : { default: field.default }),
    ...(field.patchStrategy === undefined ? {} : { 'x-kubernetes-patch-strategy': field.patchStrategy }),
    ...(field.patchMergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': field.patchMergeKey }),
  };
  if (Object.keys(extras).length === 0) return schema;
  // Beside a reference nothing else counts in OpenAPI 3.0.
  return '$ref' in schema ? { allOf: [schema], ...extras } : { ...schema, ...extras };
}

function renderNode(node: SchemaNode, render: Renderer): OpenApi {
  switch (node.kind) {
    case 'object':
      // What users define has no names inside and contains itself nowhere.
      return node.name === undefined
        ? renderObject(node, render)
        : reference(node.name, render, () => renderObject(node, render, node.name));
    case 'map':
      return {
        type: 'object',
        additionalProperties: renderNode(node.values, render),
        ...(node.mapType === undefined ? {} : { 'x-kubernetes-map-type': node.mapType }),
      };
    case 'list':
      return {
        type: 'array',
        items: renderNode(node.items, render),
        'x-kubernetes-list-type': node.listType,
        ...(node.listMapKeys.length === 0 ? {} : { 'x-kubernetes-list-map-keys': node.listMapKeys }),
      };
    case 'any':
      return node.name === undefined
        ? { 'x-kubernetes-preserve-unknown-fields': true }
        : reference(node.name, render, () => ({ type: 'object' }));
    case 'scalar':
      return node.name === undefined ? renderScalar(node) : reference(node.name, render, () => renderScalar(node));
  }
}

/** Types are shared, and some contain themselves: each that has a name is written once. */
function reference(name: string, { prefix, schemas }: Renderer, write: () => OpenApi): OpenApi {
  if (!schemas.has(name)) {
    // It stands there before its fields do, which may refer to it.
    schemas.set(name, {});
    schemas.set(name, write());
  }
  return { $ref: `${prefix}${name}` };
}

function renderScalar(node: ScalarNode): OpenApi {
  const values = node.enum === undefined ? {} : { enum: node.enum };
  switch (node.type) {
    case 'boolean':
    case 'number':
      return { type: node.type };
    case 'integer':
      return { type: 'integer', format: node.format ?? 'int64' };
    case 'intOrString':
      return { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] };
    case 'quantity':
      return { oneOf: [{ type: 'string' }, { type: 'number' }] };
    case 'time':
    case 'microTime':
      return { type: 'string', format: 'date-time' };
    case 'bytes':
      return { type: 'string', format: 'byte' };
    case 'string':
    case 'duration':
      return { type: 'string', ...values };
  }
}
