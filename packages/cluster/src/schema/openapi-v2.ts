/** The OpenAPI v2 document of all kinds, which `kubectl explain` and `kubectl apply` up to 1.28 read, as protobuf only. */
import { createHash } from 'node:crypto';
import type { ResourceDefinition } from './definition.ts';
import { encodeDocument } from './openapi-v2-protobuf.ts';
import { documentPath, renderPaths } from './openapi-paths.ts';
import { renderSchemas, type OpenApi } from './openapi-schemas.ts';
import { isJsonObject } from './shape.ts';

export interface OpenApiV2 {
  readonly json: string;
  readonly protobuf: Uint8Array;
  readonly etag: string;
}

export function renderOpenApiV2(definitions: readonly ResourceDefinition[]): OpenApiV2 {
  const schemas = [...renderSchemas(definitions, '#/definitions/')];
  const paths = definitions.flatMap((definition) => renderPaths(definition, documentPath(definition)));
  const document = {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: 'v1.32.0' },
    paths: Object.fromEntries(paths.map(([path, item]) => [path, pathInVersion2(item)])),
    definitions: Object.fromEntries(schemas.map(([name, schema]) => [name, inVersion2(schema)])),
  };
  const json = JSON.stringify(document);
  const etag = createHash('sha256').update(json).digest('hex').toUpperCase();
  return { json, protobuf: encodeDocument(document), etag };
}

/** Version 2 knows no `oneOf`, and other fields may stand beside a reference. */
function inVersion2({ allOf, oneOf, properties, items, additionalProperties, ...rest }: OpenApi): OpenApi {
  const [single] = Array.isArray(allOf) ? allOf : [];
  return {
    ...(isJsonObject(single) ? single : {}),
    ...(oneOf === undefined ? {} : { type: 'string' }),
    ...rest,
    ...(isJsonObject(properties) ? { properties: mapValues(properties, inVersion2) } : {}),
    ...(isJsonObject(items) ? { items: inVersion2(items) } : {}),
    ...(isJsonObject(additionalProperties) ? { additionalProperties: inVersion2(additionalProperties) } : {}),
  };
}

/** Of all methods on a path. */
function pathInVersion2({ parameters, ...methods }: OpenApi): OpenApi {
  return {
    ...mapValues(methods, operationInVersion2),
    ...(parameters === undefined ? {} : { parameters: parametersInVersion2(parameters) }),
  };
}

/** A body is a parameter there. */
function operationInVersion2({ parameters = [], requestBody, responses: _, ...rest }: OpenApi): OpenApi {
  const content =
    isJsonObject(requestBody) && isJsonObject(requestBody['content']) ? requestBody['content'] : undefined;
  const body = content === undefined ? [] : [{ name: 'body', in: 'body', schema: { type: 'object' } }];
  return {
    ...(content === undefined ? {} : { consumes: Object.keys(content) }),
    parameters: [...parametersInVersion2(parameters), ...body],
    responses: { 200: { description: 'OK' } },
    ...rest,
  };
}

/** What a parameter is stands beside its name there. */
function parametersInVersion2(parameters: unknown): readonly OpenApi[] {
  return (Array.isArray(parameters) ? parameters.filter(isJsonObject) : []).map(({ schema, ...parameter }) => {
    const { type } = isJsonObject(schema) ? schema : {};
    return { ...parameter, type };
  });
}

function mapValues(object: OpenApi, change: (value: OpenApi) => OpenApi): OpenApi {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name, isJsonObject(value) ? change(value) : value]),
  );
}
