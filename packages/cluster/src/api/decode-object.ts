import { apiVersionOf, type KubeObject } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';
import type { ResourceDefinition } from '../schema/definition.ts';
import { isJsonObject, shapeObject, type JsonObject } from '../schema/shape.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface Decoding {
  readonly definition: ResourceDefinition;
  readonly fieldValidation: FieldValidation;
  /** Receives what the caller should read although the request succeeds. */
  readonly warn: (message: string) => void;
}

/** Makes an object of a request's body: of the right kind, of the right shape, with what the schema does not know left out. */
export function decodeObject(body: unknown, decoding: Decoding): KubeObject {
  const { type, schema } = decoding.definition;
  if (!isJsonObject(body))
    throw new StatusError('BadRequest', `the body of the request must be an object of kind ${type.kind}`);
  checkType(body, decoding.definition);
  const { object, unknownFields } = shapeObject(body, schema, type.kind);
  reportUnknown(unknownFields, decoding);
  const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {};
  return { ...object, apiVersion: apiVersionOf(type), kind: type.kind, metadata };
}

function checkType(body: JsonObject, { type }: ResourceDefinition): void {
  const expected = apiVersionOf(type);
  const { apiVersion = expected, kind = type.kind } = body;
  if (apiVersion === expected && kind === type.kind) return;
  throw new StatusError(
    'BadRequest',
    `the API version in the data (${String(apiVersion)}, kind ${String(kind)}) does not match the expected API version (${expected}, kind ${type.kind})`,
  );
}

function reportUnknown(fields: readonly string[], { fieldValidation, warn }: Decoding): void {
  if (fields.length === 0 || fieldValidation === 'Ignore') return;
  const messages = fields.map((field) => `unknown field "${field}"`);
  if (fieldValidation === 'Strict')
    throw new StatusError('BadRequest', `strict decoding error: ${messages.join(', ')}`);
  for (const message of messages) warn(message);
}
