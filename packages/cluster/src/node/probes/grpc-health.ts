/**
 * The two messages of the health protocol and the frame around them, by hand: a general codec for one text and one number
 * would cost more to load than all probes together.
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */

/** By number. */
const healthStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

const frameHeaderBytes = 5;
const wire = { varint: 0, fixed64: 1, lengthDelimited: 2, fixed32: 5 } as const;

/** Not compressed, its length, the message. */
export function frameMessage(message: Uint8Array): Buffer {
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

export function unframeMessage(frame: Buffer): Buffer {
  const isWhole = frame.length >= frameHeaderBytes && frame.length === frameHeaderBytes + frame.readUInt32BE(1);
  if (!isWhole || frame[0] !== 0) throw new Error('the answer is no single uncompressed gRPC message');
  return frame.subarray(frameHeaderBytes);
}

/** `HealthCheckRequest { string service = 1 }`. */
export function encodeHealthRequest(service: string): Uint8Array {
  if (service === '') return new Uint8Array();
  const text = Buffer.from(service);
  return Buffer.concat([Buffer.from([(1 << 3) | wire.lengthDelimited]), encodeVarint(text.length), text]);
}

/** `HealthCheckResponse { ServingStatus status = 1 }`; fields that are not known are skipped. */
export function decodeHealthStatus(message: Buffer): string {
  let status = 0;
  for (let at = 0; at < message.length;) {
    const tag = decodeVarint(message, at);
    const value = tag.next;
    if (tag.value === ((1 << 3) | wire.varint)) status = decodeVarint(message, value).value;
    at = endOfField(message, tag.value & 7, value);
  }
  return healthStatuses[status] ?? String(status);
}

function endOfField(message: Buffer, type: number, at: number): number {
  switch (type) {
    case wire.varint:
      return decodeVarint(message, at).next;
    case wire.fixed64:
      return at + 8;
    case wire.fixed32:
      return at + 4;
    case wire.lengthDelimited: {
      const { value, next } = decodeVarint(message, at);
      return next + value;
    }
    default:
      throw new Error(`the answer is no protobuf message: wire type ${type}`);
  }
}

function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function decodeVarint(message: Buffer, at: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = message[at + index];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, next: at + index + 1 };
  }
  throw new Error('the answer is no protobuf message: a number has no end');
}
