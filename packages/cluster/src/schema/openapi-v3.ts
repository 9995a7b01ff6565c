/** OpenAPI documents, made when somebody asks: what kubectl explains and patches by. In v3 there is one a group and version. */
import { createHash } from 'node:crypto';
import { isMergedByKeys, type ResourceDefinition } from './definition.ts';
import { renderOpenApiV2, type OpenApiV2 } from './openapi-v2.ts';
import { kindName, renderSchemas, type OpenApi } from './openapi-schemas.ts';

type Definitions = readonly ResourceDefinition[];

export interface OpenApiDocuments {
  /** `GET /openapi/v3` */
  index(): unknown;
  /** `GET /openapi/v3/<path>`, such as `apis/apps/v1`; undefined where nothing is served. */
  document(path: string): { readonly text: string; readonly etag: string } | undefined;
  /** `GET /openapi/v2` */
  version2(): OpenApiV2;
}

/** Cached until the catalog changes; `current` gives its definitions. */
export function createOpenApiDocuments(current: () => Definitions): OpenApiDocuments & { forget(): void } {
  const cache = new Map<string, { readonly text: string; readonly etag: string }>();
  let version2: OpenApiV2 | undefined;
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
    version2: () => (version2 ??= renderOpenApiV2(current())),
    forget: () => {
      cache.clear();
      version2 = undefined;
    },
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
  const schemas = renderSchemas(definitions, '#/components/schemas/');
  const paths = definitions.flatMap((definition) => renderPaths(definition, path));
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.32.0' },
    paths: Object.fromEntries(paths),
    components: { schemas: Object.fromEntries(schemas) },
  };
}

const parameter = (name: string): OpenApi => ({ name, in: 'query', schema: { type: 'string', uniqueItems: true } });
const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'].map(parameter);
const applyParameters = [
  ...writeParameters,
  { name: 'force', in: 'query', schema: { type: 'boolean', uniqueItems: true } },
];
const patchTypes = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json'];
const strategicPatchType = 'application/strategic-merge-patch+json';

function renderPaths(definition: ResourceDefinition, path: string): ReadonlyArray<readonly [string, OpenApi]> {
  const { type } = definition;
  const collection = `/${path}${type.namespaced ? '/namespaces/{namespace}' : ''}/${type.plural}`;
  const gvk = { 'x-kubernetes-group-version-kind': { group: type.group, version: type.version, kind: type.kind } };
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${kindName(definition)}` } } };
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
      // kubectl 1.29 and newer takes from here by which patch it applies.
      content: Object.fromEntries(
        [...patchTypes, ...(isMergedByKeys(definition) ? [strategicPatchType] : [])].map((each) => [
          each,
          { schema: { type: 'object' } },
        ]),
      ),
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
