/**
 * The distinguished encoding of ASN.1 (ITU-T X.690) as far as a certificate needs it: writing only. Made here because a
 * library that also reads every structure of public-key cryptography takes longer to load than the cluster to start.
 */

const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
};

/** A tag, a length and the content. Tag numbers above 30 do not occur. */
export function element(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([tag]), encodeLength(content.length), content]);
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = bigEndian(BigInt(length));
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}

export function sequence(...items: readonly Uint8Array[]): Buffer {
  return element(tags.sequence, Buffer.concat(items));
}

export function setOf(item: Uint8Array): Buffer {
  return element(tags.set, item);
}

export function boolean(value: boolean): Buffer {
  return element(tags.boolean, Buffer.from([value ? 0xff : 0]));
}

/** Not negative; the fewest bytes whose first bit is the sign. */
export function integer(value: bigint): Buffer {
  const bytes = bigEndian(value);
  const isSignSet = ((bytes[0] ?? 0) & 0x80) !== 0;
  return element(tags.integer, isSignSet ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

export function octetString(content: Uint8Array): Buffer {
  return element(tags.octetString, content);
}

/** `unusedBits` of the last byte count for nothing. */
export function bitString(content: Uint8Array, unusedBits = 0): Buffer {
  return element(tags.bitString, Buffer.concat([Buffer.from([unusedBits]), content]));
}

/** Bits numbered from the left, as X.509 numbers the uses of a key; zeros at the end are left out. */
export function namedBits(...numbers: readonly number[]): Buffer {
  const highest = Math.max(...numbers);
  const bytes = Buffer.alloc(Math.floor(highest / 8) + 1);
  for (const number of numbers) bytes.writeUInt8(bytes.readUInt8(number >> 3) | (0x80 >> (number & 7)), number >> 3);
  return bitString(bytes, 7 - (highest & 7));
}

export function utf8String(text: string): Buffer {
  return element(tags.utf8String, Buffer.from(text));
}

/** In the dotted form, `2.5.4.3`. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  return element(tags.objectIdentifier, Buffer.concat([first * 40n + second, ...rest].map(base128)));
}

/** Whole seconds; as RFC 5280 wants it, years from 2050 on have four digits. */
export function time(milliseconds: number): Buffer {
  const text = new Date(milliseconds)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:T]/g, '');
  const isShort = milliseconds < Date.UTC(2050, 0);
  return element(isShort ? tags.utcTime : tags.generalizedTime, Buffer.from(isShort ? text.slice(2) : text));
}

function bigEndian(value: bigint): Buffer {
  const digits = value.toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
}

function base128(value: bigint): Buffer {
  const bytes = [Number(value & 0x7fn)];
  for (let rest = value >> 7n; rest > 0n; rest >>= 7n) bytes.unshift(Number(rest & 0x7fn) | 0x80);
  return Buffer.from(bytes);
}
