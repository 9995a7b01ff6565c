/**
 * OpenAPI v2 documents in protobuf, with as much as schemas of Kubernetes use.
 * https://github.com/google/gnostic/blob/main/openapiv2/OpenAPIv2.proto
 */
import type { OpenApi } from './openapi-schemas.ts';
import { writeField } from './protobuf-writer.ts';
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
/** Of every message that pairs a name with a value. */
const namedFields = { name: 1, value: 2 };
/** Any value, written as YAML, which JSON is. */
const yamlField = 2;
/** Of messages that hold one thing or a list of it. */
const onlyField = 1;

export interface DocumentV2 {
  readonly swagger: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly definitions: OpenApi;
}

export function encodeDocument({ swagger, info, definitions }: DocumentV2): Uint8Array {
  return Buffer.concat([
    writeField(documentFields.swagger, swagger),
    writeField(
      documentFields.info,
      Buffer.concat([writeField(infoFields.title, info.title), writeField(infoFields.version, info.version)]),
    ),
    writeField(documentFields.paths, new Uint8Array()),
    writeField(documentFields.definitions, encodeSchemas(definitions)),
  ]);
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
