import type { Socket } from 'node:net';
import type { Gzip } from 'node:zlib';
import { BodyReader } from '../http1/body-reader.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { createEncoder, isCompressible } from './compression.ts';
import { formatResponseHead, type ResponseFraming } from './messages.ts';

/** Up to this many bytes, copying head and body into one buffer is cheaper than writing two. */
const maxJoined = 16 * 1024;

export interface ResponseWriterOptions {
  readonly client: Socket;
  readonly request: RequestHead;
  readonly response: ResponseHead;
  readonly keepAlive: boolean;
  readonly compression: boolean;
  readonly headers: ReadonlyMap<string, string>;
  readonly setCookie: string | undefined;
  /** The whole answer has been handed to the client's socket. */
  readonly onFinish: () => void;
  readonly onError: (error: Error) => void;
}

/** Writes one answer to a client while it arrives: as it is, framed anew, or compressed. */
export class ResponseWriter {
  /** Whether the client's connection may carry another request after it. */
  readonly keepAlive: boolean;
  readonly #options: ResponseWriterOptions;
  readonly #body: BodyReader;
  readonly #framing: ResponseFraming;
  readonly #encoder: Gzip | undefined;
  #head: string;
  #slices: Buffer[] = [];

  constructor(options: ResponseWriterOptions) {
    const { request, response } = options;
    this.#options = options;
    const isEncoded = options.compression && isCompressible(request, response);
    this.#framing = isEncoded ? 'chunked' : framingFor(request, response);
    this.keepAlive = options.keepAlive && this.#framing !== 'untilClose';
    this.#body = new BodyReader(response.framing, this.#framing === 'asReceived' ? 'keep' : 'strip');
    this.#encoder = isEncoded ? this.#createEncoder() : undefined;
    this.#head = formatResponseHead(response, {
      framing: this.#framing,
      keepAlive: this.keepAlive,
      minorVersion: request.minorVersion,
      headers: options.headers,
      setCookie: options.setCookie,
      encoding: isEncoded ? 'gzip' : undefined,
    });
  }

  get isBodyRead(): boolean {
    return this.#body.isDone;
  }

  /** Takes what belongs to the body; returns where it ended. `canTakeMore` says whether the client keeps up. */
  write(piece: Buffer, from: number): { readonly end: number; readonly canTakeMore: boolean } {
    const end = this.#body.read(piece, from, this.#emit);
    const encoderHasRoom = this.#encoder === undefined || !this.#encoder.writableNeedDrain;
    return { end, canTakeMore: this.#flush() && encoderHasRoom };
  }

  /** The backend has sent everything. */
  end(): void {
    if (this.#encoder !== undefined) {
      this.#flush();
      this.#encoder.end();
      return;
    }
    if (this.#framing === 'chunked') this.#slices.push(lastChunk);
    this.#flush();
    this.#options.onFinish();
  }

  /** When the encoder can take more; the client's own `drain` is told to whoever owns the socket. */
  onEncoderDrain(listener: () => void): void {
    this.#encoder?.on('drain', listener);
  }

  destroy(): void {
    this.#encoder?.destroy();
  }

  readonly #emit = (slice: Buffer): void => {
    if (this.#encoder !== undefined) this.#encoder.write(slice);
    else this.#push(slice);
  };

  #push(slice: Buffer): void {
    if (this.#framing === 'chunked')
      this.#slices.push(Buffer.from(`${slice.length.toString(16)}\r\n`, 'latin1'), slice, lineEnd);
    else this.#slices.push(slice);
  }

  #createEncoder(): Gzip {
    const onData = (piece: Buffer): void => {
      this.#push(piece);
      this.#flush();
    };
    const onEnd = (): void => {
      this.#slices.push(lastChunk);
      this.#flush();
      this.#options.onFinish();
    };
    return createEncoder(onData, onEnd, this.#options.onError);
  }

  #flush(): boolean {
    const head = this.#head;
    const slices = this.#slices;
    if (head === '' && slices.length === 0) return !this.#options.client.writableNeedDrain;
    this.#head = '';
    this.#slices = [];
    return writeJoined(this.#options.client, head, slices);
  }
}

const lineEnd = Buffer.from('\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');

function framingFor(request: RequestHead, response: ResponseHead): ResponseFraming {
  if (request.minorVersion === 0)
    return response.framing.kind === 'length' || response.framing.kind === 'none' ? 'asReceived' : 'untilClose';
  return response.framing.kind === 'untilClose' ? 'chunked' : 'asReceived';
}

/** One write, so one system call and one packet where they fit. False: wait for `drain`. */
export function writeJoined(socket: Socket, head: string, slices: readonly Buffer[]): boolean {
  const [first] = slices;
  if (first === undefined) return socket.write(head, 'latin1');
  if (head === '' && slices.length === 1) return socket.write(first);
  let length = head.length;
  for (const slice of slices) length += slice.length;
  if (length <= maxJoined) return socket.write(join(head, slices, length));
  socket.cork();
  let canTakeMore = head === '' || socket.write(head, 'latin1');
  for (const slice of slices) canTakeMore = socket.write(slice);
  socket.uncork();
  return canTakeMore;
}

function join(head: string, slices: readonly Buffer[], length: number): Buffer {
  const joined = Buffer.allocUnsafe(length);
  let at = joined.write(head, 0, 'latin1');
  for (const slice of slices) at += slice.copy(joined, at);
  return joined;
}
