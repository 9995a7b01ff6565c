/** Fields of a protobuf message as they stand on the wire: https://protobuf.dev/programming-guides/encoding/ */
import { StatusError } from '@slipway/kube/status-error';

/** A varint, the eight bytes of a double, or what has a length: text, bytes, a message. */
export type WireValue = bigint | number | Uint8Array;

const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 };

/** What a 64-bit number takes at seven bits a byte. */
const longestVarint = 10;

/** Throws `BadRequest` where the message ends in the middle of something or holds what cannot be skipped. */
export function* readFields(message: Uint8Array): Generator<readonly [number, WireValue]> {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let offset = 0;
  while (offset < message.length) {
    const tag = readVarint(message, offset);
    const number = Number(tag.value >> 3n);
    const { value, end } = readValue(view, tag.end, Number(tag.value & 7n));
    if (number === 0) throw malformed('a field with the number 0');
    offset = end;
    yield [number, value];
  }
}

/** Some lists of numbers come as one value with all of them. */
export function* readPacked(bytes: Uint8Array): Generator<bigint> {
  for (let offset = 0; offset < bytes.length;) {
    const { value, end } = readVarint(bytes, offset);
    offset = end;
    yield value;
  }
}

export function malformed(what: string): StatusError {
  return new StatusError('BadRequest', `the body of the request is not valid protobuf: it has ${what}`);
}

interface Read<T> {
  readonly value: T;
  /** Where the next thing begins. */
  readonly end: number;
}

function readValue(view: DataView, offset: number, wireType: number): Read<WireValue> {
  switch (wireType) {
    case wireTypes.varint:
      return readVarint(bytesOf(view), offset);
    case wireTypes.fixed64:
      requireBytes(view, offset, 8);
      return { value: view.getFloat64(offset, true), end: offset + 8 };
    case wireTypes.fixed32:
      requireBytes(view, offset, 4);
      return { value: view.getFloat32(offset, true), end: offset + 4 };
    case wireTypes.bytes: {
      const { value, end } = readVarint(bytesOf(view), offset);
      const length = Number(value);
      requireBytes(view, end, length);
      return { value: bytesOf(view).subarray(end, end + length), end: end + length };
    }
    default:
      throw malformed(`a value of the unknown wire type ${wireType}`);
  }
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function requireBytes(view: DataView, offset: number, length: number): void {
  if (length > view.byteLength - offset)
    throw malformed(`a value of ${length} bytes where only ${view.byteLength - offset} follow`);
}

function readVarint(bytes: Uint8Array, start: number): Read<bigint> {
  let value = 0n;
  for (let index = 0; index < longestVarint; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) throw malformed('a number that is cut off');
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), end: start + index + 1 };
  }
  throw malformed(`a number of more than ${longestVarint} bytes`);
}
