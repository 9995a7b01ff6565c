/** OpenAPI documents, made when somebody asks: what kubectl explains and patches by. In v3 there is one a group and version. */
import { createHash } from 'node:crypto';
import type { ResourceDefinition } from './definition.ts';
import { documentPath, renderPaths } from './openapi-paths.ts';
import { renderOpenApiV2, type OpenApiV2 } from './openapi-v2.ts';
import { renderSchemas, type OpenApi } from './openapi-schemas.ts';

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
