import { BodyReader } from '../http1/body-reader.ts';
import { maxHeadBytes } from '../http1/fields.ts';
import { ProtocolError } from '../http1/protocol-error.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { parseResponseHead, type ResponseHead } from '../http1/response-head.ts';
import { type ClientFacts, formatRequestHead, mirrorMark } from './messages.ts';
import type { Endpoint, UpstreamConnection, UpstreamUser } from './upstream.ts';

/** The class of the answer's status, or `none` for none that was whole. */
export type CopyOutcome = '2xx' | '3xx' | '4xx' | '5xx' | 'none';

/** In ticks of a second, all in all. */
const maxTicks = 30;
const maxConnectTicks = 3;
/** An answer is read to this length so that its connection can be kept, and cut beyond. */
const maxAnswerBytes = 1024 * 1024;

export interface MirrorCopyOptions {
  readonly request: RequestHead;
  readonly client: ClientFacts;
  readonly endpoint: Endpoint;
  tick(): number;
  onEnd(outcome: CopyOutcome): void;
}

/** One request that is sent beside another, and its answer, which nobody gets. */
export class MirrorCopy implements UpstreamUser {
  readonly #options: MirrorCopyOptions;
  readonly #startedTick: number;
  #upstream: UpstreamConnection | undefined;
  #partialHead: Buffer | undefined;
  #response: ResponseHead | undefined;
  #body: BodyReader | undefined;
  #read = 0;
  #isOver = false;

  constructor(options: MirrorCopyOptions) {
    this.#options = options;
    this.#startedTick = options.tick();
  }

  start(): void {
    this.#options.endpoint.openRequests += 1;
    this.#send(this.#options.endpoint.takeIdle());
  }

  onUpstreamData(piece: Buffer): void {
    this.#read += piece.length;
    try {
      if (this.#body === undefined)
        this.#readHead(this.#partialHead === undefined ? piece : Buffer.concat([this.#partialHead, piece]));
      else this.#readBody(this.#body, piece);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.cut();
    }
  }

  onUpstreamDrain(): void {
    // A head without a body is all that is ever sent.
  }

  onUpstreamEnd(error: Error | undefined): void {
    const upstream = this.#upstream;
    if (this.#isOver) return;
    if (this.#response?.framing.kind === 'untilClose' && error === undefined) this.#end(this.#outcome);
    else if (upstream?.isReused === true && this.#read === 0) this.#send(undefined);
    else this.#end('none');
  }

  /** Once a second. */
  checkTime(tick: number): void {
    const waited = tick - this.#startedTick;
    if (waited > maxTicks || (waited > maxConnectTicks && this.#upstream?.isConnected === false)) this.cut();
  }

  cut(): void {
    this.#end('none');
  }

  #send(idle: UpstreamConnection | undefined): void {
    const { endpoint, request, client } = this.#options;
    const upstream = idle ?? endpoint.connect();
    this.#upstream = upstream;
    upstream.begin(this);
    upstream.socket.write(formatRequestHead(request, client, `${mirrorMark}: true\r\n`), 'latin1');
  }

  #readHead(received: Buffer): void {
    let rest = received;
    for (;;) {
      const end = rest.indexOf('\r\n\r\n');
      if (end > maxHeadBytes || (end < 0 && rest.length > maxHeadBytes))
        throw new ProtocolError('its head is too long');
      if (end < 0) {
        this.#partialHead = rest;
        return;
      }
      const response = parseResponseHead(rest.toString('latin1', 0, end), this.#options.request.method);
      rest = rest.subarray(end + 4);
      if (response.status === 101) throw new ProtocolError('it changed to a protocol that nobody asked for');
      if (response.status < 200) continue;
      this.#response = response;
      this.#body = new BodyReader(response.framing, 'strip');
      this.#readBody(this.#body, rest);
      return;
    }
  }

  #readBody(body: BodyReader, piece: Buffer): void {
    const end = body.read(piece, 0, () => undefined);
    if (body.isDone) {
      this.#release(end === piece.length);
      this.#end(this.#outcome);
    } else if (this.#read > maxAnswerBytes) {
      this.#end(this.#outcome);
    }
  }

  /** Bytes behind the answer make the connection useless. */
  #release(isClean: boolean): void {
    const upstream = this.#upstream;
    if (!isClean || this.#response?.keepAlive !== true || upstream === undefined) return;
    this.#upstream = undefined;
    upstream.release(this.#options.tick(), undefined);
  }

  get #outcome(): CopyOutcome {
    const status = this.#response?.status ?? 0;
    if (status >= 500) return '5xx';
    if (status >= 400) return '4xx';
    return status >= 300 ? '3xx' : '2xx';
  }

  #end(outcome: CopyOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#upstream?.destroy();
    this.#options.endpoint.openRequests -= 1;
    this.#options.onEnd(outcome);
  }
}
