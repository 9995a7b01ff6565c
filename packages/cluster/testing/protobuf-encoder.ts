/** Values as Kubernetes writes them in protobuf, and arbitrary values of its types: the counterpart of the decoder. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { WireField } from '../src/schema/protobuf-forms.ts';

const table: Readonly<Record<string, readonly WireField[]>> = JSON.parse(
  readFileSync(new URL('../src/schema/kubernetes-protobuf.json', import.meta.url), 'utf8'),
);

/** Deeper than this arbitrary values have scalars only. */
const arbitraryDepth = 3;

export function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/** A field that has a length. */
export function delimited(number: number, content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

/** The bytes of an object around its message. */
export function envelope(type: { readonly apiVersion: string; readonly kind: string }, message: Uint8Array): Buffer {
  const typeMeta = Buffer.concat([delimited(1, type.apiVersion), delimited(2, type.kind)]);
  return Buffer.concat([Buffer.from('k8s\0'), delimited(1, typeMeta), delimited(2, message)]);
}

/** Of a message such as `io.k8s.api.core.v1.Pod`. */
export function encodeMessage(value: object, type: string): Buffer {
  const values = new Map<string, unknown>(Object.entries(value));
  return Buffer.concat(
    fieldsOf(type).map(([number, name, reference]) => {
      const inner = name === '' ? value : values.get(name);
      return inner === undefined ? Buffer.alloc(0) : encodeField(number, inner, reference.replace(/^\?/, ''));
    }),
  );
}

function fieldsOf(type: string): readonly WireField[] {
  return table[type] ?? [];
}

function encodeField(number: number, value: unknown, type: string): Buffer {
  if (type.startsWith('[]') && Array.isArray(value))
    return Buffer.concat(value.map((item) => encodeField(number, item, type.slice(2))));
  if (type.startsWith('{}')) {
    const entries = Object.entries(Object(value)).map(([key, inner]) =>
      delimited(number, Buffer.concat([delimited(1, key), encodeField(2, inner, type.slice(2))])),
    );
    return Buffer.concat(entries);
  }
  switch (type) {
    case 'int':
    case 'bool':
      return Buffer.concat([varint(number << 3), varint(Number(value))]);
    case 'double': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(Number(value));
      return Buffer.concat([varint((number << 3) | 1), bytes]);
    }
    case 'bytes':
      return delimited(number, Buffer.from(String(value), 'base64'));
    default:
      return delimited(number, encodeContent(value, type));
  }
}

function encodeContent(value: unknown, type: string): Buffer {
  const text = typeof value === 'string' ? value : '';
  switch (type) {
    case 'string':
      return Buffer.from(text);
    case 'Quantity':
      return delimited(1, text);
    case 'Time':
    case 'MicroTime': {
      const milliseconds = Date.parse(text);
      const seconds = Math.floor(milliseconds / 1_000);
      const nanos = (milliseconds - seconds * 1_000) * 1_000_000;
      return Buffer.concat([varint(1 << 3), varint(seconds), varint(2 << 3), varint(nanos)]);
    }
    case 'IntOrString':
      return typeof value === 'number'
        ? Buffer.concat([varint(1 << 3), varint(0), varint(2 << 3), varint(value), delimited(3, '')])
        : Buffer.concat([varint(1 << 3), varint(1), varint(2 << 3), varint(0), delimited(3, text)]);
    case 'RawExtension':
    case 'FieldsV1':
    case 'JSON':
      return delimited(1, JSON.stringify(value));
    case 'StringList':
      return encodeField(1, value, '[]string');
    default:
      return encodeMessage(Object(value), type);
  }
}

/** What can stand in fields of a message, as the decoder gives it: without zeros where those mean nothing. */
export function arbitraryMessage(type: string, depth = 0): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(Object.fromEntries(arbitraryFields(type, depth)), { requiredKeys: [], noNullPrototype: true });
}

function arbitraryFields(type: string, depth: number): ReadonlyArray<readonly [string, fc.Arbitrary<unknown>]> {
  return fieldsOf(type).flatMap(([, name, reference]) => {
    const isZeroMeant = reference.startsWith('?');
    const bare = reference.replace(/^\?/, '');
    if (name === '') return arbitraryFields(bare, depth);
    const value = arbitraryValue(bare, depth);
    if (value === undefined) return [];
    return [[name, isZeroMeant ? value : value.filter((each) => !isZero(each))] as const];
  });
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false;
}

function arbitraryValue(type: string, depth: number): fc.Arbitrary<unknown> | undefined {
  if (type.startsWith('[]')) {
    const item = arbitraryValue(type.slice(2), depth);
    return item && fc.array(item, { minLength: 1, maxLength: 3 });
  }
  if (type.startsWith('{}')) {
    const value = arbitraryValue(type.slice(2), depth);
    return value && fc.dictionary(fc.string(), value, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
  }
  return (
    arbitraryScalar(type) ?? (depth < arbitraryDepth && type in table ? arbitraryMessage(type, depth + 1) : undefined)
  );
}

function arbitraryScalar(type: string): fc.Arbitrary<unknown> | undefined {
  const text = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('ÿ', '☃', '𝒳', '\0'));
  switch (type) {
    case 'string':
    case 'Quantity':
      return text;
    case 'int':
      return fc.oneof(fc.integer(), fc.maxSafeInteger());
    case 'bool':
      return fc.boolean();
    case 'double':
      return fc.double({ noNaN: true });
    case 'bytes':
      return fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString('base64'));
    case 'Time':
      return arbitraryTime().map((time) => `${time.toISOString().slice(0, 19)}Z`);
    case 'MicroTime':
      return arbitraryTime().map((time) => `${time.toISOString().slice(0, 23)}000Z`);
    case 'IntOrString':
      return fc.oneof(fc.integer(), text);
    case 'RawExtension':
    case 'FieldsV1':
    case 'JSON':
      return fc.dictionary(text, fc.string(), { noNullPrototype: true, maxKeys: 3 });
    case 'StringList':
      return fc.array(text, { maxLength: 3 });
    default:
      return undefined;
  }
}

function arbitraryTime(): fc.Arbitrary<Date> {
  return fc.date({ noInvalidDate: true, min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z') });
}
