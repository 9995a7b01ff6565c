import type { Socket } from 'node:net';
import type { Clock } from '@slipway/kube/clock';
import type { ReceivedRequest } from '../received-request.ts';
import { PendingBody } from './pending-body.ts';
import { type PlainFields, type PlainRequest, readPlainRequest } from './plain-request.ts';

export interface FrontOptions {
  /** Sends an answer; rejects if it could not. */
  serve(request: ReceivedRequest): Promise<void>;
  /** Takes over a connection whose next request, which can be read from it again, is none for us. */
  handOver(socket: Socket): void;
  readonly firstRequestMilliseconds: number;
  readonly idleMilliseconds: number;
  /** How long the rest of a body may take that nobody reads any more. */
  readonly droppedBodyMilliseconds: number;
  readonly clock: Clock;
}

/** As much of what follows a request is read before that is answered. */
const maximumWaitingBytes = 64 * 1024;
const nothing = Buffer.alloc(0);

/**
 * One connection, request after request, as long as the head of each comes whole and is a plain one. With the first other
 * one the connection is handed over, and stays with whoever takes it.
 */
export class PlainConnection {
  readonly #socket: Socket;
  readonly #options: FrontOptions;
  #waiting: Buffer = nothing;
  #fields: PlainFields | undefined;
  /** The request that is being answered. */
  #current: PlainExchange | undefined;
  /** Of the last request, while not all of it has come. */
  #body: PendingBody | undefined;
  #stopWaiting: (() => void) | undefined;

  constructor(socket: Socket, options: FrontOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  start(): void {
    this.#socket.setTimeout(this.#options.firstRequestMilliseconds);
    for (const [event, listener] of this.#listeners) this.#socket.on(event, listener);
  }

  readonly #listeners: ReadonlyArray<readonly [event: string, listener: (piece: Buffer) => void]> = [
    ['data', (piece) => this.#receive(piece)],
    // Who has said all that he will say is not waiting for more than what he has been told by then.
    ['end', () => this.#hearNoMore()],
    ['error', () => this.#socket.destroy()],
    ['close', () => this.#abandon()],
    ['timeout', () => (this.#current === undefined || this.#body !== undefined) && this.#socket.destroy()],
  ];

  #hearNoMore(): void {
    this.#body?.break();
    this.#socket.end();
  }

  #abandon(): void {
    this.#stopWaiting?.();
    this.#body?.break();
    this.#current?.abandon();
  }

  #receive(received: Buffer): void {
    const piece = this.#withoutBody(received);
    if (piece.length === 0 && this.#waiting.length === 0) return;
    this.#waiting = this.#waiting.length === 0 ? piece : Buffer.concat([this.#waiting, piece]);
    if (this.#current === undefined) this.#take();
    else if (this.#waiting.length > maximumWaitingBytes) this.#socket.pause();
  }

  #take(): void {
    const request = readPlainRequest(this.#waiting, this.#fields);
    if (request === undefined) {
      this.#handOver();
      return;
    }
    const { body, missing } = request;
    const isFirst = this.#fields === undefined;
    if (isFirst) this.#socket.setTimeout(this.#options.idleMilliseconds);
    this.#fields = request.fields;
    this.#waiting = request.end === this.#waiting.length ? nothing : this.#waiting.subarray(request.end);
    this.#body = missing === 0 ? undefined : new PendingBody(body, missing);
    this.#current = new PlainExchange(request, this.#body ?? body, this.#socket);
    this.#options.serve(this.#current).then(
      () => this.#proceed(),
      () => this.#socket.destroy(),
    );
  }

  /** What of a piece belongs to a later request. */
  #withoutBody(piece: Buffer): Buffer {
    if (this.#body === undefined) return piece;
    const rest = this.#body.take(piece);
    if (this.#body.isWhole) {
      this.#body = undefined;
      this.#stopWaiting?.();
    }
    return rest;
  }

  #proceed(): void {
    this.#current = undefined;
    this.#dropBody();
    if (!this.#socket.writable || this.#waiting.length === 0) return;
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#take();
  }

  /** A byte now and then is no end of silence: it would hold the connection for as long as its client likes. */
  #dropBody(): void {
    if (this.#body === undefined || this.#socket.destroyed) return;
    this.#body.drop();
    const { clock, droppedBodyMilliseconds } = this.#options;
    this.#stopWaiting = clock.schedule(droppedBodyMilliseconds, () => void this.#socket.destroy());
  }

  #handOver(): void {
    const socket = this.#socket;
    for (const [event, listener] of this.#listeners) socket.off(event, listener);
    socket.setTimeout(0);
    socket.unshift(this.#waiting);
    this.#waiting = nothing;
    this.#options.handOver(socket);
    socket.resume();
  }
}

/** Hardly anybody asks for its signal, and one costs as much as half of what else a request does. */
class PlainExchange implements ReceivedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: ReceivedRequest['headers'];
  readonly authorization: string;
  readonly impersonation: ReceivedRequest['impersonation'];
  readonly content: ReceivedRequest['content'];
  readonly socket: Socket;
  #abort: AbortController | undefined;
  #isAbandoned = false;

  constructor({ method, target, fields }: PlainRequest, content: ReceivedRequest['content'], socket: Socket) {
    this.method = method;
    this.target = target;
    this.headers = fields.headers;
    this.authorization = fields.authorization;
    this.impersonation = fields.impersonation;
    this.content = content;
    this.socket = socket;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isAbandoned) this.#abort.abort(new Error('the client went away'));
    return this.#abort.signal;
  }

  abandon(): void {
    this.#isAbandoned = true;
    this.#abort?.abort(new Error('the client went away'));
  }
}
