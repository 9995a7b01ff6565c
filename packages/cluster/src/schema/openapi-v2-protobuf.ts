/**
 * OpenAPI v2 documents in protobuf, with as much as documents of Kubernetes use.
 * https://github.com/google/gnostic/blob/main/openapiv2/OpenAPIv2.proto
 */
import type { OpenApi } from './openapi-schemas.ts';
import { writeField, writeTrue } from './protobuf-writer.ts';
import { isJsonObject } from './shape.ts';

const documentFields = { swagger: 1, info: 2, paths: 8, definitions: 9 };
const infoFields = { title: 1, version: 2 };
const schemaFields = {
  $ref: 1,
  format: 2,
  description: 4,
  default: 5,
  required: 19,
  enum: 20,
  additionalProperties: 21,
  type: 22,
  items: 23,
  properties: 25,
  extension: 31,
};
const pathsFields = { path: 2 };
/** Methods by the number of their operation, and what is common to all. */
const pathItemFields: Readonly<Record<string, number>> = {
  get: 2,
  put: 3,
  post: 4,
  delete: 5,
  options: 6,
  head: 7,
  patch: 8,
};
const commonParameters = 9;
const operationFields = { consumes: 7, parameters: 8, responses: 9, extension: 13 };
const bodyFields = { name: 2, in: 3, schema: 5 };
/** Of what stands in the query; what stands in the path has no field 5, and so its type one earlier. */
const parameterFields = {
  query: { required: 1, in: 2, name: 4, type: 6 },
  path: { required: 1, in: 2, name: 4, type: 5 },
};
/** A parameter is one of these, and one that is no body again one of those. */
const parameterKinds = { body: 1, other: 2 };
const otherKinds = { query: 3, path: 4 };
/** Of every message that pairs a name with a value. */
const namedFields = { name: 1, value: 2 };
/** Any value, written as YAML, which JSON is. */
const yamlField = 2;
/** Of messages that hold one thing or a list of it. */
const onlyField = 1;

export interface DocumentV2 {
  readonly swagger: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: OpenApi;
  readonly definitions: OpenApi;
}

export function encodeDocument({ swagger, info, paths, definitions }: DocumentV2): Uint8Array {
  return Buffer.concat([
    writeField(documentFields.swagger, swagger),
    writeField(
      documentFields.info,
      Buffer.concat([writeField(infoFields.title, info.title), writeField(infoFields.version, info.version)]),
    ),
    writeField(documentFields.paths, encodePaths(paths)),
    writeField(documentFields.definitions, encodeSchemas(definitions)),
  ]);
}

function encodePaths(paths: OpenApi): Uint8Array {
  return Buffer.concat(
    Object.entries(paths).flatMap(([path, item]) =>
      isJsonObject(item) ? [writeField(pathsFields.path, encodeNamed(path, encodePathItem(item)))] : [],
    ),
  );
}

function encodePathItem({ parameters, ...methods }: OpenApi): Uint8Array {
  const operations = Object.entries(methods).flatMap(([method, operation]) => {
    const number = pathItemFields[method];
    return number === undefined || !isJsonObject(operation) ? [] : [writeField(number, encodeOperation(operation))];
  });
  return Buffer.concat([...operations, ...encodeParameters(commonParameters, parameters)]);
}

function encodeOperation({ consumes, parameters, responses, ...extensions }: OpenApi): Uint8Array {
  return Buffer.concat([
    ...listOf(consumes).map((each) => writeField(operationFields.consumes, String(each))),
    ...encodeParameters(operationFields.parameters, parameters),
    writeField(operationFields.responses, encodeResponses(Object(responses))),
    ...Object.entries(extensions).map(([name, value]) =>
      writeField(operationFields.extension, encodeNamed(name, encodeAny(value))),
    ),
  ]);
}

function encodeResponses(responses: OpenApi): Uint8Array {
  return Buffer.concat(
    Object.entries(responses).map(([code, response]) => {
      const { description } = isJsonObject(response) ? response : {};
      const described = writeField(onlyField, String(description));
      return writeField(onlyField, encodeNamed(code, writeField(onlyField, described)));
    }),
  );
}

function encodeParameters(number: number, parameters: unknown): readonly Uint8Array[] {
  return listOf(parameters)
    .filter(isJsonObject)
    .map((parameter) => writeField(number, writeField(onlyField, encodeParameter(parameter))));
}

function encodeParameter(parameter: OpenApi): Uint8Array {
  const { name, in: place, type, required, schema } = parameter;
  if (place === 'body') {
    const body = [
      writeField(bodyFields.name, String(name)),
      writeField(bodyFields.in, place),
      writeField(bodyFields.schema, encodeSchema(isJsonObject(schema) ? schema : {})),
    ];
    return writeField(parameterKinds.body, Buffer.concat(body));
  }
  const kind = place === 'path' ? 'path' : 'query';
  const fields = parameterFields[kind];
  const content = Buffer.concat([
    ...(required === true ? [writeTrue(fields.required)] : []),
    writeField(fields.in, kind),
    writeField(fields.name, String(name)),
    writeField(fields.type, String(type)),
  ]);
  return writeField(parameterKinds.other, writeField(otherKinds[kind], content));
}

function encodeSchemas(schemas: OpenApi): Uint8Array {
  return Buffer.concat(
    Object.entries(schemas).flatMap(([name, schema]) =>
      isJsonObject(schema) ? [writeField(onlyField, encodeNamed(name, encodeSchema(schema)))] : [],
    ),
  );
}

function encodeNamed(name: string, value: Uint8Array): Uint8Array {
  return Buffer.concat([writeField(namedFields.name, name), writeField(namedFields.value, value)]);
}

function encodeSchema(schema: OpenApi): Uint8Array {
  return Buffer.concat(Object.entries(schema).flatMap(([name, value]) => encodeSchemaField(name, value)));
}

function encodeSchemaField(name: string, value: unknown): readonly Uint8Array[] {
  switch (name) {
    case '$ref':
    case 'format':
    case 'description':
      return [writeField(schemaFields[name], String(value))];
    case 'type':
      return [writeField(schemaFields.type, writeField(onlyField, String(value)))];
    case 'required':
      return listOf(value).map((each) => writeField(schemaFields.required, String(each)));
    case 'enum':
      return listOf(value).map((each) => writeField(schemaFields.enum, encodeAny(each)));
    case 'default':
      return [writeField(schemaFields.default, encodeAny(value))];
    case 'items':
    case 'additionalProperties':
      return isJsonObject(value) ? [writeField(schemaFields[name], writeField(onlyField, encodeSchema(value)))] : [];
    case 'properties':
      return isJsonObject(value) ? [writeField(schemaFields.properties, encodeSchemas(value))] : [];
    default:
      return [writeField(schemaFields.extension, encodeNamed(name, encodeAny(value)))];
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function encodeAny(value: unknown): Uint8Array {
  return writeField(yamlField, JSON.stringify(value));
}
