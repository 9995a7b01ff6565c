/** OpenAPI v3 documents, one a group and version, made when somebody asks: what kubectl validates, explains and patches by. */
import { createHash } from 'node:crypto';
import type { ResourceDefinition, SchemaField, SchemaNode } from './definition.ts';

type Definitions = readonly ResourceDefinition[];
type OpenApi = Readonly<Record<string, unknown>>;

export interface OpenApiDocuments {
  /** `GET /openapi/v3` */
  index(): unknown;
  /** `GET /openapi/v3/<path>`, such as `apis/apps/v1`; undefined where nothing is served. */
  document(path: string): { readonly text: string; readonly etag: string } | undefined;
}

/** Cached until the catalog changes; `current` gives its definitions. */
export function createOpenApiDocuments(current: () => Definitions): OpenApiDocuments & { forget(): void } {
  const cache = new Map<string, { readonly text: string; readonly etag: string }>();
  const document: OpenApiDocuments['document'] = (path) => {
    const cached = cache.get(path);
    if (cached !== undefined) return cached;
    const definitions = current().filter((definition) => documentPath(definition) === path);
    if (definitions.length === 0) return undefined;
    const text = JSON.stringify(renderDocument(definitions, path));
    const made = { text, etag: createHash('sha256').update(text).digest('hex').toUpperCase() };
    cache.set(path, made);
    return made;
  };
  return {
    document,
    forget: () => cache.clear(),
    index: () => {
      const names = [...new Set(current().map(documentPath))];
      const paths = names.map(
        (path) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${document(path)?.etag ?? ''}` }] as const,
      );
      return { paths: Object.fromEntries(paths) };
    },
  };
}

function documentPath({ type }: ResourceDefinition): string {
  return type.group === '' ? `api/${type.version}` : `apis/${type.group}/${type.version}`;
}

function renderDocument(definitions: Definitions, path: string): OpenApi {
  const schemas: Record<string, OpenApi> = {};
  const names = new Map<SchemaNode, string>();
  const render: Renderer = { schemas, names };
  const paths = definitions.flatMap((definition) => renderPaths(definition, path, kindSchema(definition, render)));
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.32.0' },
    paths: Object.fromEntries(paths),
    components: { schemas },
  };
}

interface Renderer {
  readonly schemas: Record<string, OpenApi>;
  readonly names: Map<SchemaNode, string>;
}

/** `io.k8s.api.apps.v1.Deployment`, in reverse of the group as OpenAPI names of custom kinds are. */
function kindName({ type }: ResourceDefinition): string {
  const group = type.group === '' ? 'core' : type.group;
  return `${group.split('.').toReversed().join('.')}.${type.version}.${type.kind}`;
}

function kindSchema(definition: ResourceDefinition, render: Renderer): string {
  const name = kindName(definition);
  const { type, schema } = definition;
  if (schema.kind !== 'object') throw new Error(`${name} is no object`);
  render.names.set(schema, name);
  render.schemas[name] = {
    ...renderObject(schema, render),
    'x-kubernetes-group-version-kind': [{ group: type.group, version: type.version, kind: type.kind }],
  };
  return name;
}

const parameter = (name: string): OpenApi => ({ name, in: 'query', schema: { type: 'string', uniqueItems: true } });
const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'].map(parameter);
const applyParameters = [
  ...writeParameters,
  { name: 'force', in: 'query', schema: { type: 'boolean', uniqueItems: true } },
];
const patchTypes = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

function renderPaths(
  definition: ResourceDefinition,
  path: string,
  name: string,
): ReadonlyArray<readonly [string, OpenApi]> {
  const { type } = definition;
  const collection = `/${path}${type.namespaced ? '/namespaces/{namespace}' : ''}/${type.plural}`;
  const gvk = { 'x-kubernetes-group-version-kind': { group: type.group, version: type.version, kind: type.kind } };
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } };
  const responses = { 200: { description: 'OK', content } };
  const operation = (action: string, rest: OpenApi = {}): OpenApi => ({
    responses,
    'x-kubernetes-action': action,
    ...gvk,
    ...rest,
  });
  const write = { parameters: writeParameters, requestBody: { required: true, content } };
  const patch = {
    parameters: applyParameters,
    requestBody: {
      required: true,
      content: Object.fromEntries(patchTypes.map((each) => [each, { schema: { type: 'object' } }])),
    },
  };
  return [
    [
      collection,
      {
        get: operation('list'),
        post: operation('post', write),
        delete: operation('deletecollection', { parameters: [parameter('dryRun')] }),
      },
    ],
    [
      `${collection}/{name}`,
      {
        get: operation('get'),
        put: operation('put', write),
        patch: operation('patch', patch),
        delete: operation('delete', { parameters: [parameter('dryRun')] }),
      },
    ],
  ];
}

function renderObject(node: SchemaNode & { readonly kind: 'object' }, render: Renderer): OpenApi {
  const required = [...node.fields].filter(([, field]) => field.required).map(([name]) => name);
  const properties = Object.fromEntries([...node.fields].map(([name, field]) => [name, renderField(field, render)]));
  return {
    type: 'object',
    properties,
    ...(required.length === 0 ? {} : { required }),
    ...(node.structType === undefined ? {} : { 'x-kubernetes-map-type': node.structType }),
    ...(node.preserveUnknownFields === true ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
  };
}

function renderField(field: SchemaField, render: Renderer): OpenApi {
  const schema = renderNode(field.node, render);
  const extras = {
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
      return { $ref: `#/components/schemas/${objectName(node, render)}` };
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
      return { 'x-kubernetes-preserve-unknown-fields': true };
    case 'scalar':
      return renderScalar(node);
  }
}

/** Types are shared, and some contain themselves: each is written once, under a name of its own. */
function objectName(node: SchemaNode & { readonly kind: 'object' }, render: Renderer): string {
  const known = render.names.get(node);
  if (known !== undefined) return known;
  const name = node.name ?? `type.t${render.names.size}`;
  render.names.set(node, name);
  render.schemas[name] = renderObject(node, render);
  return name;
}

function renderScalar(node: SchemaNode & { readonly kind: 'scalar' }): OpenApi {
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
