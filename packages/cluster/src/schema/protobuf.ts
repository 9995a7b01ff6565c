/**
 * Bodies as `application/vnd.kubernetes.protobuf`, which kubectl and client-go send for built-in kinds. They become the
 * values that JSON gives, so that nothing after this knows in which form a body came; answers are always JSON, which
 * every client of Kubernetes takes. The types are data (kubernetes-protobuf.json), read with the first such body.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 */
import { readFileSync } from 'node:fs';
import { StatusError } from '@slipway/kube/status-error';
import { forms, type WireField } from './protobuf-forms.ts';
import { malformed, readFields, readPacked, type WireValue } from './protobuf-wire.ts';
import type { JsonObject } from './shape.ts';

interface Field {
  readonly name: string;
  readonly type: string;
  readonly shape: 'one' | 'list' | 'map';
  /** Go writes the zeros of most fields although they were never set. */
  readonly isZeroMeant: boolean;
}

type Message = ReadonlyMap<number, Field>;

export interface TypeName {
  readonly apiVersion: string;
  readonly kind: string;
}

const magic = Buffer.from('k8s\0');

/** As deep as JSON may be; no real object comes near it. */
const maximumDepth = 100;

const typeMeta = messageOf([
  [1, 'apiVersion', 'string'],
  [2, 'kind', 'string'],
]);

const utf8 = new TextDecoder('utf-8', { fatal: true });

let table: Readonly<Record<string, readonly WireField[]>> | undefined;
const messages = new Map<string, Message>();

/**
 * The object in a body. `nameOf` says which message a kind is, such as `io.k8s.api.core.v1.Pod`; of a kind that it does
 * not know only the name is read, for whoever asks for that. Throws `BadRequest` for what is not protobuf of Kubernetes.
 */
export function decodeProtobuf(body: Uint8Array, nameOf: (type: TypeName) => string | undefined): JsonObject {
  if (!magic.equals(body.subarray(0, magic.length)))
    throw new StatusError('BadRequest', 'provided data does not appear to be a protobuf message, missing prefix');
  const { type, object } = openEnvelope(body.subarray(magic.length));
  const name = nameOf(type);
  return name === undefined ? { ...type } : { ...type, ...decodeFields(object, messageNamed(name), 0) };
}

/** The bytes of the object stand in a message (`runtime.Unknown`) that says what it is. */
function openEnvelope(bytes: Uint8Array): { readonly type: TypeName; readonly object: Uint8Array } {
  let type: JsonObject = {};
  let object: Uint8Array = new Uint8Array();
  for (const [number, value] of readFields(bytes)) {
    if (!(value instanceof Uint8Array)) continue;
    if (number === 1) type = decodeFields(value, typeMeta, 0);
    if (number === 2) object = value;
  }
  return { type: { apiVersion: String(type['apiVersion'] ?? ''), kind: String(type['kind'] ?? '') }, object };
}

/** A field that the message does not know comes from a newer client, and is left out as Kubernetes does. */
function decodeFields(bytes: Uint8Array, message: Message, depth: number): JsonObject {
  if (depth > maximumDepth) throw malformed(`messages that are nested deeper than ${maximumDepth} levels`);
  const found: Found = { single: new Map(), lists: new Map(), maps: new Map() };
  for (const [number, value] of readFields(bytes)) {
    const field = message.get(number);
    if (field !== undefined) addField(found, field, value, depth + 1);
  }
  // Unlike an assignment this makes a field of a name such as `__proto__`.
  const maps = [...found.maps].map(([name, entries]) => [name, Object.fromEntries(entries)] as const);
  return Object.fromEntries([...found.single, ...found.lists, ...maps]);
}

interface Found {
  readonly single: Map<string, unknown>;
  readonly lists: Map<string, unknown[]>;
  readonly maps: Map<string, Map<string, unknown>>;
}

function addField({ single, lists, maps }: Found, field: Field, wire: WireValue, depth: number): void {
  const { name, shape } = field;
  if (shape === 'list') {
    const items = lists.get(name) ?? [];
    lists.set(name, items);
    for (const item of itemsOf(wire, field)) items.push(decodeValue(item, field.type, depth));
    return;
  }
  if (shape === 'map') {
    const [key, value] = decodeEntry(wire, field.type, depth);
    maps.set(name, (maps.get(name) ?? new Map<string, unknown>()).set(key, value));
    return;
  }
  const value = decodeValue(wire, field.type, depth);
  if (name === '') for (const [inner, its] of Object.entries(Object(value))) single.set(inner, its);
  else if (value !== undefined && (field.isZeroMeant || !isZero(value))) single.set(name, value);
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false;
}

function itemsOf(wire: WireValue, { type }: Field): Iterable<WireValue> {
  return type === 'int' && wire instanceof Uint8Array ? readPacked(wire) : [wire];
}

function decodeEntry(wire: WireValue, type: string, depth: number): readonly [string, unknown] {
  const { key, value } = decodeFields(bytesOf(wire, 'map entry'), messageNamed(`{}${type}`), depth);
  if (typeof key !== 'string') throw malformed('a map entry without a key');
  return [key, value ?? null];
}

function decodeValue(wire: WireValue, type: string, depth: number): unknown {
  switch (type) {
    case 'int':
    case 'bool':
      if (typeof wire !== 'bigint') throw mismatch(wire, type);
      return type === 'bool' ? wire !== 0n : Number(BigInt.asIntN(64, wire));
    case 'double':
      if (typeof wire !== 'number') throw mismatch(wire, type);
      return wire;
    case 'string':
      return decodeText(bytesOf(wire, type));
    case 'bytes':
      return Buffer.from(bytesOf(wire, type)).toString('base64');
    case 'json':
      return decodeJson(bytesOf(wire, type));
    default:
      return decodeMessage(bytesOf(wire, type), type, depth);
  }
}

function decodeMessage(bytes: Uint8Array, type: string, depth: number): unknown {
  const values = decodeFields(bytes, messageNamed(type), depth);
  const form = forms[type];
  return form === undefined ? values : form.toJson(values);
}

function bytesOf(wire: WireValue, type: string): Uint8Array {
  if (!(wire instanceof Uint8Array)) throw mismatch(wire, type);
  return wire;
}

function mismatch(wire: WireValue, type: string): StatusError {
  return malformed(`${wire instanceof Uint8Array ? `${wire.length} bytes` : 'a number'} in place of a ${type}`);
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw malformed('text that is not UTF-8');
  }
}

/** Values of any type are JSON on the wire too; no bytes are no value. */
function decodeJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  const text = decodeText(bytes);
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('a raw value that is not JSON');
  }
}

function messageNamed(type: string): Message {
  const known = messages.get(type);
  if (known !== undefined) return known;
  const message = messageOf(fieldsOf(type));
  messages.set(type, message);
  return message;
}

function fieldsOf(type: string): readonly WireField[] {
  if (type.startsWith('{}')) {
    return [
      [1, 'key', '?string'],
      [2, 'value', `?${type.slice(2)}`],
    ];
  }
  table ??= readTable();
  const fields = forms[type]?.fields ?? table[type];
  if (fields === undefined) throw new Error(`kubernetes-protobuf.json holds no message named ${type}`);
  return fields;
}

function readTable(): Readonly<Record<string, readonly WireField[]>> {
  return JSON.parse(readFileSync(new URL('./kubernetes-protobuf.json', import.meta.url), 'utf8'));
}

function messageOf(fields: readonly WireField[]): Message {
  return new Map(
    fields.map(([number, name, reference]) => {
      const [, zero, shape, type = ''] = /^(\??)((?:\[\]|\{\})?)(.*)$/.exec(reference) ?? [];
      return [
        number,
        { name, type, shape: shape === '[]' ? 'list' : shape === '{}' ? 'map' : 'one', isZeroMeant: zero === '?' },
      ];
    }),
  );
}
