/** Writing protobuf: https://protobuf.dev/programming-guides/encoding/ */

const wireTypes = { varint: 0, bytes: 2 };

/** A field that has a length: text, or a message that was written before. */
export function writeField(number: number, content: string | Uint8Array): Uint8Array {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return Buffer.concat([writeVarint(number * 8 + wireTypes.bytes), writeVarint(bytes.length), bytes]);
}

export function writeTrue(number: number): Uint8Array {
  return Buffer.concat([writeVarint(number * 8 + wireTypes.varint), writeVarint(1)]);
}

function writeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Buffer.from([...bytes, rest]);
}
