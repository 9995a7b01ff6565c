/** Frames of SPDY/3.1, as bytes and as values. https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/ */

export const flagFin = 1;

const types = { synStream: 1, synReply: 2, rstStream: 3, settings: 4, ping: 6, goAway: 7, headers: 8 } as const;

export type Frame =
  | { readonly kind: 'data'; readonly stream: number; readonly isLast: boolean; readonly payload: Buffer }
  | { readonly kind: 'synStream'; readonly stream: number; readonly isLast: boolean; readonly block: Buffer }
  | { readonly kind: 'headers'; readonly stream: number; readonly isLast: boolean; readonly block: Buffer }
  | { readonly kind: 'synReply'; readonly stream: number; readonly block: Buffer }
  | { readonly kind: 'rstStream'; readonly stream: number }
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'goAway' }
  /** Settings and windows: advice that nobody has to take. */
  | { readonly kind: 'ignored' };

const headBytes = 8;
/** Clients send 32 KiB at a time. */
const maximumFrameBytes = 4 * 1024 * 1024;

/** Puts frames together from whatever pieces they arrive in. */
export class FrameReader {
  private pending: Buffer = Buffer.alloc(0);

  /** Throws for what is no frame. */
  *push(chunk: Uint8Array): Generator<Frame> {
    this.pending = this.pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.pending, chunk]);
    while (this.pending.length >= headBytes) {
      const length = this.pending.readUIntBE(5, 3);
      if (length > maximumFrameBytes) throw new RangeError(`a frame has ${length} bytes; no client sends that many`);
      if (this.pending.length < headBytes + length) return;
      const frame = this.pending.subarray(0, headBytes + length);
      this.pending = this.pending.subarray(headBytes + length);
      yield parseFrame(frame);
    }
  }
}

function parseFrame(frame: Buffer): Frame {
  const isLast = (frame.readUInt8(4) & flagFin) !== 0;
  const payload = frame.subarray(headBytes);
  const first = frame.readUInt32BE(0);
  if (first < 0x8000_0000) return { kind: 'data', stream: first, isLast, payload };
  const type = first & 0xffff;
  if (type === types.goAway) return { kind: 'goAway' };
  if (type === types.ping) return { kind: 'ping', id: payload.readUInt32BE(0) };
  if (!withStream.has(type)) return { kind: 'ignored' };
  const stream = payload.readUInt32BE(0) & 0x7fff_ffff;
  switch (type) {
    case types.synStream:
      // The associated stream, priority and slot are nothing that clients of Kubernetes use.
      return { kind: 'synStream', stream, isLast, block: payload.subarray(10) };
    case types.headers:
      return { kind: 'headers', stream, isLast, block: payload.subarray(4) };
    case types.synReply:
      return { kind: 'synReply', stream, block: payload.subarray(4) };
    default:
      return { kind: 'rstStream', stream };
  }
}

const withStream: ReadonlySet<number> = new Set([types.synStream, types.headers, types.synReply, types.rstStream]);

/** The head of a frame whose payload follows. */
export function dataHead(stream: number, { length, isLast }: { readonly length: number; readonly isLast: boolean }) {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(stream, 0);
  head.writeUInt8(isLast ? flagFin : 0, 4);
  head.writeUIntBE(length, 5, 3);
  return head;
}

export function synStream(stream: number, block: Uint8Array): Buffer {
  return control(types.synStream, [words(stream, 0), Buffer.alloc(2), block]);
}

export function synReply(stream: number, block: Uint8Array): Buffer {
  return control(types.synReply, [words(stream), block]);
}

export function rstStream(stream: number): Buffer {
  const cancel = 5;
  return control(types.rstStream, [words(stream, cancel)]);
}

export function ping(id: number): Buffer {
  return control(types.ping, [words(id)]);
}

export function goAway(lastStream: number): Buffer {
  return control(types.goAway, [words(lastStream, 0)]);
}

function control(type: number, parts: readonly Uint8Array[]): Buffer {
  const payload = Buffer.concat(parts);
  const head = Buffer.alloc(headBytes);
  head.writeUInt16BE(0x8003, 0);
  head.writeUInt16BE(type, 2);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32BE(value, 4 * index));
  return bytes;
}
