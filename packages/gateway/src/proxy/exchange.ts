import type { Socket } from 'node:net';
import { BodyReader } from '../http1/body-reader.ts';
import { maxHeadBytes } from '../http1/fields.ts';
import { ProtocolError } from '../http1/protocol-error.ts';
import { type RequestHead, valueOf } from '../http1/request-head.ts';
import { parseResponseHead, type ResponseHead } from '../http1/response-head.ts';
import type { RouteRule } from '../routing/routing-table.ts';
import type { Destination } from './backend.ts';
import type { FlushGate } from './flush-gate.ts';
import type { ForwardingRule } from './forwarding-rule.ts';
import {
  type ClientFacts,
  formatInformational,
  formatRequestHead,
  formatSwitchingProtocols,
  type LocalAnswer,
} from './messages.ts';
import { ResponseWriter, writeJoined } from './response-writer.ts';
import { isRepeatable, planRetry } from './retry.ts';
import { exchangeTicks as maxTicks } from './time-limits.ts';
import { clientClosedRequest } from './traffic.ts';
import { Tunnel } from './tunnel.ts';
import type { UpstreamConnection, UpstreamUser } from './upstream.ts';

/**
 * A request body up to this size is kept until the answer begins, so that the request can be sent again. Until there is a
 * connection nothing was sent, and what has come is kept in any case: the client waits when the socket to be holds enough.
 */
const maxReplayBytes = 64 * 1024;

/** What an exchange needs of the connection that its request came by. */
export interface ExchangeClient {
  readonly socket: Socket;
  readonly facts: ClientFacts;
  pauseBody(): void;
  resumeBody(): void;
  answer(answer: LocalAnswer, options: { readonly keepAlive: boolean; readonly isHead: boolean }): void;
  /** The answer is complete. */
  finish(exchange: Exchange, keepAlive: boolean): void;
  /** The connection has left HTTP. */
  becomeTunnel(tunnel: Tunnel, early: Buffer): void;
}

export interface ExchangeContext {
  /** Seconds that the proxy has run, for time limits. */
  readonly tick: number;
  readonly isClosing: boolean;
  /** Who waits may be routed again. */
  resumeHeld(): void;
  /** By the table that is in force now, which may be a newer one than the request began with. */
  currentRule(host: string, path: string): ForwardingRule | undefined;
  now(): number;
  random(): number;
}

/** One request and its answer: carried to a backend, sent again where that is safe, and counted. */
export class Exchange implements UpstreamUser {
  readonly #client: ExchangeClient;
  readonly #context: ExchangeContext;
  readonly #request: RequestHead;
  readonly #rule: RouteRule;
  readonly #requestBody: BodyReader;
  readonly #startedAt: number;
  /** That it came through, until its answer begins. */
  #flushGate: FlushGate | undefined;
  /** A header line that the client gets, whoever answers in the end. */
  readonly #setCookie: string | undefined;
  #destination: Destination;
  /** Its session is not idle until this is called. */
  #leaveSession: (() => void) | undefined;
  #upstream: UpstreamConnection | undefined;
  /** What has come of the body; undefined once it is too much to keep. */
  #sent: Buffer[] | undefined = [];
  #sentBytes = 0;
  #otherTries = 0;
  #freshTries = 0;
  #partialHead: Buffer | undefined;
  #response: ResponseHead | undefined;
  #writer: ResponseWriter | undefined;
  #isOver = false;
  #progressTick: number;
  /** When it was sent to this pod, or is to be as soon as there is a connection. */
  #sentTick = 0;

  constructor(
    client: ExchangeClient,
    context: ExchangeContext,
    request: RequestHead,
    route: { rule: ForwardingRule; destination: Destination; flushGate?: FlushGate },
  ) {
    this.#client = client;
    this.#context = context;
    this.#request = request;
    this.#rule = route.rule.rule;
    this.#destination = route.destination;
    const { session, backend } = route.destination;
    this.#leaveSession = session === undefined ? undefined : backend.active?.enter(session);
    this.#flushGate = route.flushGate;
    this.#setCookie = route.destination.setCookie;
    this.#requestBody = new BodyReader(request.framing, 'keep');
    this.#startedAt = context.now();
    this.#progressTick = context.tick;
    this.#count(1);
  }

  get isRequestRead(): boolean {
    return this.#requestBody.isDone;
  }

  get hasAnswerBegun(): boolean {
    return this.#writer !== undefined;
  }

  start(): void {
    // The backend may close a kept connection at any moment; a request that must not be sent twice would be lost with it.
    this.#send(isRepeatable(this.#request.method) ? this.#destination.endpoint.takeIdle() : undefined);
  }

  /** Takes what belongs to the request's body; returns where it ended. Throws `ProtocolError`. */
  onRequestBody(piece: Buffer, from: number): number {
    this.#progressTick = this.#context.tick;
    const slices: Buffer[] = [];
    const end = this.#requestBody.read(piece, from, (slice) => slices.push(slice));
    this.#keep(slices, end - from);
    if (slices.length > 0 && this.#upstream !== undefined && !writeJoined(this.#upstream.socket, '', slices)) {
      this.#client.pauseBody();
    }
    return end;
  }

  onUpstreamData(piece: Buffer): void {
    this.#progressTick = this.#context.tick;
    try {
      if (this.#writer === undefined)
        this.#readHead(this.#partialHead === undefined ? piece : Buffer.concat([this.#partialHead, piece]));
      else this.#readBody(this.#writer, piece, 0);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#giveUp({ status: 502, text: `the application gave an answer that is not HTTP: ${error.message}` });
    }
  }

  onUpstreamDrain(): void {
    this.#client.resumeBody();
  }

  onUpstreamEnd(error: Error | undefined): void {
    if (this.#isOver) return;
    if (this.#writer !== undefined && this.#response?.framing.kind === 'untilClose' && error === undefined) {
      this.#endResponse(this.#writer);
    } else if (this.#writer === undefined) {
      this.#tryAgain();
    } else {
      this.#abandonClient();
    }
  }

  onClientDrain(): void {
    this.#progressTick = this.#context.tick;
    this.#upstream?.socket.resume();
  }

  /** The client has ended its side, and may wait for the answer. */
  onClientEnd(): void {
    this.#progressTick = this.#context.tick;
  }

  /** The client has gone: nobody wants the answer. */
  onClientGone(): void {
    if (this.#isOver) return;
    this.#upstream?.destroy();
    this.#end(clientClosedRequest);
  }

  /** Once a second: nothing may stand still for ever. */
  checkTime(tick: number): void {
    const waited = tick - this.#progressTick;
    // Whatever its client sends meanwhile: a body that trickles in is no progress of this.
    if (this.#upstream?.isConnected === false && tick - this.#sentTick > this.#maxConnectTicks) {
      this.#upstream.destroy();
      this.#tryAgain();
    } else if (this.#client.socket.writableNeedDrain) {
      if (waited > maxTicks.unread) this.#client.socket.destroy();
    } else if (!this.isRequestRead) {
      if (waited > maxTicks.stalled) this.#abandonStalled();
    } else if (this.#client.socket.readableEnded && waited > this.#maxHalfClosedTicks) {
      this.#client.socket.destroy();
    } else if (this.#writer === undefined && waited > maxTicks.response) {
      this.#giveUp({ status: 504, text: `the application did not answer within ${maxTicks.response} s` });
    }
  }

  get #maxConnectTicks(): number {
    const isElsewhere = this.#otherTries === 0 && this.#findOther()?.endpoint !== this.#destination.endpoint;
    return isElsewhere ? maxTicks.connect : maxTicks.connectToLast;
  }

  get #maxHalfClosedTicks(): number {
    return this.hasAnswerBegun ? maxTicks.halfClosedAnswering : maxTicks.halfClosedUnanswered;
  }

  #send(idle: UpstreamConnection | undefined): void {
    const upstream = idle ?? this.#destination.endpoint.connect();
    this.#upstream = upstream;
    this.#sentTick = this.#context.tick;
    upstream.begin(this);
    const canTakeMore = writeJoined(
      upstream.socket,
      formatRequestHead(this.#request, this.#client.facts),
      this.#sent ?? [],
    );
    if (!canTakeMore && !this.isRequestRead) this.#client.pauseBody();
  }

  #keep(slices: readonly Buffer[], length: number): void {
    if (this.#sent === undefined) return;
    this.#sentBytes += length;
    if (this.#writer !== undefined || (this.#sentBytes > maxReplayBytes && this.#upstream?.isConnected === true))
      this.#sent = undefined;
    else this.#sent.push(...slices);
  }

  /** The connection is gone before an answer began. */
  #tryAgain(): void {
    const upstream = this.#upstream;
    const retry = planRetry({
      method: this.#request.method,
      isBodyKept: this.#sent !== undefined,
      wasConnected: upstream?.isConnected === true,
      wasReused: upstream?.isReused === true,
      hasAnswerBegun: this.#partialHead !== undefined,
      otherTries: this.#otherTries,
      freshTries: this.#freshTries,
    });
    if (retry === 'no') {
      this.#giveUp({ status: 502, text: 'the application closed the connection without an answer' });
      return;
    }
    this.#partialHead = undefined;
    this.#progressTick = this.#context.tick;
    if (retry === 'freshConnection') this.#freshTries += 1;
    else this.#moveOn();
    this.#client.resumeBody();
    this.#send(undefined);
  }

  #moveOn(): void {
    this.#otherTries += 1;
    this.#leaveFlushGate();
    this.#count(-1);
    this.#destination = this.#findOther() ?? this.#destination;
    this.#count(1);
  }

  #findOther(): Destination | undefined {
    return this.#context.currentRule(this.#request.host, this.#request.path)?.pickOther(this.#destination);
  }

  #leaveFlushGate(): void {
    const hasRoom = this.#flushGate?.leave() === true;
    this.#flushGate = undefined;
    if (hasRoom) this.#context.resumeHeld();
  }

  #readHead(received: Buffer): void {
    let rest = received;
    for (;;) {
      const end = rest.indexOf('\r\n\r\n');
      if (end > maxHeadBytes || (end < 0 && rest.length > maxHeadBytes))
        throw new ProtocolError('its head is too long');
      if (end < 0) {
        this.#partialHead = rest.length > 0 ? rest : undefined;
        return;
      }
      const response = parseResponseHead(rest.toString('latin1', 0, end), this.#request.method);
      rest = rest.subarray(end + 4);
      if (response.status === 101) {
        this.#switchProtocols(response, rest);
        return;
      }
      if (response.status >= 200) {
        this.#beginResponse(response, rest);
        return;
      }
      if (this.#request.minorVersion === 1) this.#client.socket.write(formatInformational(response), 'latin1');
    }
  }

  #beginResponse(response: ResponseHead, rest: Buffer): void {
    this.#leaveFlushGate();
    this.#partialHead = undefined;
    this.#response = response;
    this.#sent = undefined;
    const writer = new ResponseWriter({
      client: this.#client.socket,
      request: this.#request,
      response,
      keepAlive: this.#request.keepAlive && !this.#context.isClosing,
      compression: this.#rule.compression,
      headers: this.#rule.responseHeaders,
      setCookie: this.#setCookie,
      onFinish: () => this.#finish(response.status, writer.keepAlive),
      onError: () => this.#abandonClient(),
    });
    this.#writer = writer;
    writer.onEncoderDrain(() => this.onClientDrain());
    this.#readBody(writer, rest, 0);
  }

  #readBody(writer: ResponseWriter, piece: Buffer, from: number): void {
    const { end, canTakeMore } = writer.write(piece, from);
    if (writer.isBodyRead) {
      this.#releaseUpstream(end === piece.length);
      this.#endResponse(writer);
    } else if (!canTakeMore) {
      this.#upstream?.socket.pause();
    }
  }

  #endResponse(writer: ResponseWriter): void {
    this.#upstream?.destroy();
    this.#upstream = undefined;
    writer.end();
  }

  /** Bytes behind the answer, or a request that was not read to its end, make the connection useless. */
  #releaseUpstream(isClean: boolean): void {
    const upstream = this.#upstream;
    const response = this.#response;
    if (upstream === undefined || response === undefined) return;
    if (!isClean || !response.keepAlive || !this.isRequestRead) return;
    this.#upstream = undefined;
    upstream.socket.resume();
    const timeout = /timeout=(\d+)/.exec(valueOf(response.fields, 'keep-alive') ?? '')?.[1];
    upstream.release(this.#context.tick, timeout === undefined ? undefined : Number(timeout));
  }

  #switchProtocols(response: ResponseHead, early: Buffer): void {
    const upstream = this.#upstream;
    if (upstream === undefined || this.#request.upgrade === undefined)
      throw new ProtocolError('it changed to a protocol that nobody asked for');
    this.#upstream = undefined;
    this.#client.socket.write(formatSwitchingProtocols(response, this.#setCookie), 'latin1');
    const leaveSession = this.#leaveSession;
    this.#leaveSession = undefined;
    this.#end(101);
    const tunnel = new Tunnel({
      client: this.#client.socket,
      upstream,
      backend: this.#destination.backend,
      isWebSocket: this.#request.upgrade.toLowerCase() === 'websocket',
      random: () => this.#context.random(),
      onClose: () => leaveSession?.(),
    });
    this.#client.becomeTunnel(tunnel, early);
  }

  /** No answer has begun: one of ours takes its place. After one has, only a cut connection tells the client the truth. */
  #giveUp(answer: LocalAnswer): void {
    if (this.#isOver) return;
    this.#upstream?.destroy();
    this.#upstream = undefined;
    if (this.#writer !== undefined) {
      this.#abandonClient();
      return;
    }
    const keepAlive = this.isRequestRead && this.#request.keepAlive && !this.#context.isClosing;
    this.#client.answer(answer, { keepAlive, isHead: this.#request.method === 'HEAD' });
    this.#finish(answer.status, keepAlive);
  }

  /** The body stands still: either the backend does not take it, or the client does not send it. */
  #abandonStalled(): void {
    if (this.#upstream?.socket.writableNeedDrain === true) this.#abandonClient();
    else this.#client.socket.destroy();
  }

  /** By no fault of its own: it has to be told that the answer is not whole, or that there is none. */
  #abandonClient(): void {
    this.#upstream?.destroy();
    this.#upstream = undefined;
    this.#client.socket.destroy();
    this.#end(0);
  }

  #finish(status: number, keepAlive: boolean): void {
    this.#end(status);
    this.#client.finish(this, keepAlive);
  }

  #end(status: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#leaveFlushGate();
    this.#writer?.destroy();
    this.#leaveSession?.();
    this.#leaveSession = undefined;
    this.#count(-1);
    this.#destination.backend.counters.record(status, (this.#context.now() - this.#startedAt) / 1_000);
  }

  #count(change: 1 | -1): void {
    this.#destination.endpoint.openRequests += change;
    this.#destination.backend.openRequests += change;
  }
}
