import { apiVersionOf, type KubeObject } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';
import type { GroupVersionKind, ResourceDefinition, SchemaNode } from '../schema/definition.ts';
import { itemFaults } from '../schema/item-faults.ts';
import { toWrittenForm } from '../schema/written-form.ts';
import { isJsonObject, shapeObject, UndecodableError, type JsonObject, type Shaping } from '../schema/shape.ts';
import { typeFaults } from '../schema/type-faults.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface Decoding {
  readonly definition: ResourceDefinition;
  readonly fieldValidation: FieldValidation;
  /** Faults of the text that the object was read from: fields that it names twice. */
  readonly repeated?: readonly string[] | undefined;
  /** Receives what the caller should read although the request succeeds. */
  readonly warn: (message: string) => void;
}

/** Of the object that is changed: most changes leave it as it is, and it was decoded once. */
export interface KnownParts {
  readonly metadata?: object | undefined;
}

/**
 * The same of an object that is applied by the server: what the schema does not know can belong to nobody, whatever
 * validation is asked for. Under the strict one it is a fault of the request, as everywhere; Kubernetes gives the error
 * of the others there too.
 */
export function decodeApplied(body: unknown, decoding: Decoding & Named): KubeObject {
  const { type, schema } = decoding.definition;
  requireType(body, decoding.definition);
  const { object: shaped, unknownFields, misfit } = decodeTyped(body, decoding.definition);
  const object = withMetadata(shaped, decoding.definition);
  reportStrict(decoding.fieldValidation === 'Strict' ? unknownFields : [], decoding);
  const undeclared = unknownFields.map((path) => `${pathWithKeys(path, body, schema)}: field not declared in schema`);
  const mistyped = misfit === undefined ? [] : typeFaults(body, schema);
  const faults = [...undeclared, ...mistyped, ...itemFaults(object, schema)];
  if (misfit !== undefined && faults.length === 0) throw misfit;
  if (faults.length === 0) return object;
  const what = `${decoding.namespace ?? ''}/${decoding.name}; ${type.group}/${type.version}, Kind=${type.kind}`;
  throw new StatusError(
    'Unknown',
    `failed to create typed patch object (${what}): ${faults.length === 1 ? faults[0] : ['errors:', ...faults].join('\n  ')}`,
    // Kubernetes gives no reason and says 500, but it is the sender's fault.
    { code: 400 },
  );
}

/** With what keeps it from being an object of that kind, which is told with all else that is wrong. */
function decodeTyped(
  body: unknown,
  definition: ResourceDefinition,
): Decoded & { readonly misfit?: UndecodableError | undefined } {
  try {
    return decode(body, definition);
  } catch (misfit) {
    if (!(misfit instanceof UndecodableError)) throw misfit;
    return { ...decode(body, definition, { keepsMisfits: true }), misfit };
  }
}

/** Who owns what is written down with the version of the type, so that must be said. */
function requireType(body: unknown, { type }: ResourceDefinition): void {
  if (!isJsonObject(body)) return;
  const { apiVersion, kind } = body;
  if (apiVersion === apiVersionOf(type) && kind === type.kind) return;
  throw new StatusError('BadRequest', `invalid object type: ${givenText(apiVersion)}, Kind=${givenText(kind)}`);
}

function givenText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

interface Named {
  readonly namespace: string | undefined;
  readonly name: string;
}

/** `.spec.containers[name="web"].imag` for `spec.containers[0].imag`: members of such lists go by their keys there. */
function pathWithKeys(path: string, body: unknown, schema: SchemaNode): string {
  let value = body;
  let node: SchemaNode | undefined = schema;
  let text = '';
  for (const [, field, index] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    value = childOf(value, field ?? index ?? '');
    text += field === undefined ? memberText(node, value, index ?? '') : `.${field}`;
    node = node && childNode(node, field);
  }
  return text;
}

function childOf(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value[Number(key)];
  return isJsonObject(value) ? value[key] : undefined;
}

function childNode(node: SchemaNode, field: string | undefined): SchemaNode | undefined {
  if (node.kind === 'list') return node.items;
  if (node.kind === 'map') return node.values;
  return node.kind === 'object' ? node.fields.get(field ?? '')?.node : undefined;
}

function memberText(node: SchemaNode | undefined, member: unknown, index: string): string {
  if (node?.kind !== 'list' || node.listType !== 'map') return `[${index}]`;
  return `[${node.listMapKeys.map((key) => `${key}=${JSON.stringify(childOf(member, key))}`).join(',')}]`;
}

/** Makes an object of a request's body: of the right kind, of the right shape, with what the schema does not know left out. */
export function decodeObject(body: unknown, decoding: Decoding, { metadata }: KnownParts = {}): KubeObject {
  const { schema, validatesTypes } = decoding.definition;
  const shaping = { keepsMisfits: validatesTypes, known: metadata };
  const { object, unknownFields } = decode(body, decoding.definition, shaping);
  reportStrict(unknownFields, decoding);
  // An object that is applied keeps its empty fields: who applies them owns them.
  return withMetadata(toWrittenForm(object, schema, metadata), decoding.definition);
}

interface Decoded {
  readonly object: JsonObject;
  readonly unknownFields: readonly string[];
}

function decode(
  body: unknown,
  definition: ResourceDefinition,
  { keepsMisfits, known }: Pick<Shaping, 'keepsMisfits' | 'known'> = {},
): Decoded {
  const { type, schema } = definition;
  if (!isJsonObject(body))
    throw new StatusError('BadRequest', `the body of the request must be an object of kind ${type.kind}`);
  checkType(body, definition);
  const { object, unknownFields } = shapeObject(body, schema, { ...type, keepsMisfits, known });
  return { object, unknownFields };
}

function withMetadata(object: JsonObject, { type }: ResourceDefinition): KubeObject {
  const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {};
  return { ...object, apiVersion: apiVersionOf(type), kind: type.kind, metadata };
}

/** Throws `BadRequest` where it says that it is something else. */
export function checkType(body: JsonObject, { type }: { readonly type: GroupVersionKind }): void {
  const expected = apiVersionOf(type);
  const { apiVersion = expected, kind = type.kind } = body;
  if (apiVersion === expected && kind === type.kind) return;
  // Not every object can be made a text as it is.
  const [sentVersion, sentKind] = [apiVersion, kind].map((each) =>
    typeof each === 'string' ? each : JSON.stringify(each),
  );
  throw new StatusError(
    'BadRequest',
    `the API version in the data (${sentVersion}, kind ${sentKind}) does not match the expected API version (${expected}, kind ${type.kind})`,
  );
}

/** What an object can do without, and its author should know of. */
function reportStrict(unknownFields: readonly string[], decoding: Decoding): void {
  const { definition, fieldValidation, repeated = [], warn } = decoding;
  if (fieldValidation === 'Ignore') return;
  if (repeated.length + unknownFields.length === 0) return;
  const messages = [...repeated, ...unknownFields.map((field) => `unknown field "${field}"`)];
  if (fieldValidation === 'Strict')
    throw new UndecodableError(definition.type, `strict decoding error: ${messages.join(', ')}`);
  for (const message of messages) warn(message);
}
