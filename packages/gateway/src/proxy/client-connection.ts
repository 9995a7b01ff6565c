import type { Socket } from 'node:net';
import { hasBareLineFeed, maxHeadBytes } from '../http1/fields.ts';
import { ProtocolError } from '../http1/protocol-error.ts';
import { parseRequestHead, type RequestHead, valueOf } from '../http1/request-head.ts';
import { routeKey, type RouteMatch, type RouteRule } from '../routing/routing-table.ts';
import { Exchange, type ExchangeClient, type ExchangeContext } from './exchange.ts';
import type { Destination } from './backend.ts';
import type { FlushGate } from './flush-gate.ts';
import type { ForwardingRule } from './forwarding-rule.ts';
import type { HoldQueue, Waiter } from './hold-queue.ts';
import { forwardedFacts, plainAddress } from './client-facts.ts';
import { type ClientFacts, formatLocalAnswer, type LocalAnswer } from './messages.ts';
import { phaseTicks as maxTicks, type Phase } from './time-limits.ts';
import type { Tunnel } from './tunnel.ts';

export interface ClientContext extends ExchangeContext {
  readonly holdQueue: HoldQueue;
  match(host: string, path: string): RouteMatch;
  ruleFor(rule: RouteRule): ForwardingRule | undefined;
  /** Of a rule that says nothing of it: for as long as a moment without pods may last. */
  holdInGap(rule: RouteRule): RouteRule['hold'];
  forget(client: ClientConnection): void;
}

/** How a client comes: directly, or behind a proxy of ours, whose headers then say who and how. */
export type ClientOrigin = 'http' | 'https' | 'behindProxy';

/** So much of a body is taken while its request waits; the rest stays with the client. */
const maxHeldBytes = 64 * 1024;
/** After a wait, so that not all come back at once. */
const heldRetrySeconds = '5';

/** A request that waits for a backend. */
interface Held {
  readonly request: RequestHead;
  readonly headBytes: number;
  readonly since: number;
  readonly seconds: number;
  /** It has waited long enough: whoever else waits, it goes now. */
  readonly isOverdue: boolean;
}

/** A client's connection: its requests one after the other. */
export class ClientConnection implements ExchangeClient, Waiter {
  readonly socket: Socket;
  readonly #origin: ClientOrigin;
  readonly #context: ClientContext;
  #facts: ClientFacts;
  #phase: Phase = 'idle';
  #phaseTick: number;
  #exchange: Exchange | undefined;
  #held: Held | undefined;
  /** Of the last head. */
  #headBytes = 0;
  #tunnel: Tunnel | undefined;
  /** What has arrived and nobody has taken yet; the socket is paused when it is more than a head. */
  #pending: Buffer | undefined;
  #isReading = false;
  /** Bytes of answers that the socket still held at the last look. */
  #unsent = 0;

  constructor(socket: Socket, origin: ClientOrigin, context: ClientContext) {
    this.socket = socket;
    this.#origin = origin;
    this.#facts = { address: plainAddress(socket.remoteAddress), protocol: origin === 'https' ? 'https' : 'http' };
    this.#context = context;
    this.#phaseTick = context.tick;
    socket.setNoDelay(true);
    socket.on('data', (piece: Buffer) => this.#onData(piece));
    socket.on('drain', () => this.#onDrain());
    socket.on('end', () => this.#onEnd());
    // The reason does not matter: `close` follows.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#onClose());
  }

  get facts(): ClientFacts {
    return this.#facts;
  }

  /** The proxy closes: what is idle ends now, a tunnel as soon as it can, a request after its answer. */
  goAway(): void {
    if (this.#phase === 'idle') this.#closeIdle();
    if (this.#held !== undefined) this.#endHold(this.#held, 'the gateway is going away');
    this.#tunnel?.goAway();
  }

  routeAgain(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#route(held.request);
    if (this.#phase !== 'held') this.#goOn();
  }

  pauseBody(): void {
    this.socket.pause();
  }

  resumeBody(): void {
    if (this.#pending === undefined) this.socket.resume();
  }

  answer(answer: LocalAnswer, options: { readonly keepAlive: boolean; readonly isHead: boolean }): void {
    this.socket.write(formatLocalAnswer(answer, options));
  }

  finish(exchange: Exchange, keepAlive: boolean): void {
    this.#exchange = undefined;
    if (!keepAlive || !exchange.isRequestRead) {
      this.#linger();
      return;
    }
    this.#enter('idle');
    this.socket.resume();
    // Whoever reads already goes on with what is pending: recursion would grow with every pipelined request.
    if (!this.#isReading) this.#readPending();
  }

  becomeTunnel(tunnel: Tunnel, early: Buffer): void {
    this.#exchange = undefined;
    this.#tunnel = tunnel;
    this.#enter('tunnel');
    if (early.length > 0) tunnel.onUpstreamData(early);
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) tunnel.onClientData(pending);
    this.socket.resume();
  }

  /** Once a second. */
  checkTime(tick: number): void {
    this.#exchange?.checkTime(tick);
    this.#tunnel?.checkTime(tick);
    if (this.#held !== undefined) this.#checkHold(this.#held);
    const unsent = this.socket.writableLength;
    if (unsent < this.#unsent && this.#phase !== 'head') this.#phaseTick = tick;
    this.#unsent = unsent;
    if (tick - this.#phaseTick <= maxTicks[this.#phase] || this.#isReserve) return;
    if (this.#phase === 'head')
      this.#refuse({ status: 408, text: `the head of the request did not arrive within ${maxTicks.head} s` });
    else if (this.#phase === 'idle') this.#closeIdle();
    else this.socket.destroy();
  }

  /** A proxy of ours keeps such connections, and ends them itself: where both may, a request meets the end that this side makes. */
  get #isReserve(): boolean {
    return this.#origin === 'behindProxy' && this.#phase === 'idle';
  }

  /** Between requests; the end of the last answer may still wait for the client to take it. */
  #closeIdle(): void {
    if (this.socket.writableLength > 0) this.#linger();
    else this.socket.destroy();
  }

  /** It sends nothing more, and may well wait for the answer to what it has sent. */
  #onEnd(): void {
    if (this.#tunnel !== undefined) this.#tunnel.onClientEnd();
    // Somebody who waits and says good-bye has left: there is nothing to write to him that would show it.
    else if (this.#held !== undefined) this.socket.destroy();
    else if (this.#exchange === undefined) this.#lingerUnlessFull();
    // The rest of its request never comes; and a proxy of ours ends nothing by halves.
    else if (this.#origin === 'behindProxy' || isCutShort(this.#exchange)) this.socket.destroy();
    else this.#exchange.onClientEnd();
  }

  #onData(piece: Buffer): void {
    if (this.#tunnel !== undefined) this.#tunnel.onClientData(piece);
    else if (!this.#isLeaving) {
      this.#pending = this.#pending === undefined ? piece : Buffer.concat([this.#pending, piece]);
      this.#readPending();
    }
  }

  #readPending(): void {
    this.#isReading = true;
    try {
      while (this.#pending !== undefined && this.#readOnce(this.#pending));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#refuseExchange(error);
    } finally {
      this.#isReading = false;
    }
    if (this.#isDone) this.#lingerUnlessFull();
  }

  /** Nothing is under way, and either side wants no other request. */
  get #isDone(): boolean {
    if (this.#exchange !== undefined || this.#tunnel !== undefined || this.#held !== undefined) return false;
    return this.socket.readableEnded || (this.#context.isClosing && this.#phase === 'idle');
  }

  /** The client has taken what was too much for its socket. */
  #onDrain(): void {
    const current = this.#tunnel ?? this.#exchange;
    if (current !== undefined) {
      current.onClientDrain();
    } else if (!this.#isLeaving) {
      this.socket.resume();
      this.#readPending();
    }
  }

  #refuseExchange(error: ProtocolError): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.onClientGone();
    // In the middle of an answer another one would be read as its body.
    if (exchange?.hasAnswerBegun === true) this.socket.destroy();
    else this.#refuse({ status: error.status, text: `the request was refused: ${error.message}` });
  }

  /** Takes one head or a part of a body; false if that has to wait. */
  #readOnce(received: Buffer): boolean {
    const exchange = this.#exchange;
    if (this.#held !== undefined) return this.#keepHeld(this.#held, received);
    if (exchange === undefined && !this.socket.writableNeedDrain) return !this.#isLeaving && this.#readHead(received);
    if (exchange === undefined || exchange.isRequestRead) {
      // The next request waits until this one is answered and the client takes the answer, and the client with it.
      this.socket.pause();
      return false;
    }
    this.#setPending(received, exchange.onRequestBody(received, 0));
    return this.#pending !== undefined;
  }

  #readHead(received: Buffer): boolean {
    // RFC 9112, 2.2: one empty line before a request is ignored.
    const start = received[0] === 0x0d && received[1] === 0x0a ? 2 : 0;
    const end = received.indexOf('\r\n\r\n', start);
    if (end - start > maxHeadBytes || (end < 0 && received.length > maxHeadBytes)) {
      throw new ProtocolError(`a head of more than ${maxHeadBytes} bytes`, 431);
    }
    if (end < 0) {
      if (hasBareLineFeed(received)) throw new ProtocolError('a line that ends with LF alone');
      if (this.#phase === 'idle') this.#enter('head');
      return false;
    }
    const request = parseRequestHead(received.toString('latin1', start, end));
    if (this.#origin === 'behindProxy') this.#facts = forwardedFacts(request);
    this.#setPending(received, end + 4);
    this.#headBytes = end + 4 - start;
    this.#route(request);
    return true;
  }

  #route(request: RequestHead): void {
    const expectation = valueOf(request.fields, 'expect');
    if (expectation !== undefined && expectation.toLowerCase() !== '100-continue') {
      this.#answerLocally(request, { status: 417, text: 'the only expectation that can be met is 100-continue' });
      return;
    }
    const match = this.#context.match(request.host, request.path);
    if (match.kind === 'redirect') {
      const location = `${this.facts.protocol}://${match.host}${portOf(request.authority)}${request.target}`;
      this.#answerLocally(request, { status: 308, text: `see ${location}`, headers: { Location: location } });
      return;
    }
    const rule = match.kind === 'rule' ? this.#context.ruleFor(match.rule) : undefined;
    if (rule === undefined) {
      this.#answerLocally(request, { status: 404, text: `no route for ${request.host}${request.path}` });
      return;
    }
    const ready = rule.pick(request, this.#facts);
    const hold = ready === undefined ? (rule.rule.hold ?? this.#context.holdInGap(rule.rule)) : undefined;
    const destination = ready ?? (hold === undefined ? rule.pickLastResort() : undefined);
    if (destination === undefined) this.#onNobodyReady(request, { rule: rule.rule, hold });
    else if (this.#held?.isOverdue !== false) this.#begin(request, { rule, destination });
    else this.#beginInTurn(request, { rule, destination });
  }

  #beginInTurn(request: RequestHead, to: { rule: ForwardingRule; destination: Destination }): void {
    const { flushGate } = to.destination.endpoint;
    if (flushGate.enter()) this.#begin(request, { ...to, flushGate });
  }

  #begin(request: RequestHead, to: { rule: ForwardingRule; destination: Destination; flushGate?: FlushGate }): void {
    this.#enter('exchange');
    this.#exchange = new Exchange(this, this.#context, request, to);
    this.#exchange.start();
    to.rule.copy(request, this.#facts);
  }

  #onNobodyReady(
    request: RequestHead,
    { rule, hold }: { readonly rule: RouteRule; readonly hold: RouteRule['hold'] },
  ): void {
    if (hold !== undefined && this.#wait(request, { route: routeKey(rule), seconds: hold.seconds })) return;
    const [text, seconds] =
      hold === undefined
        ? ['no backend of this route has a ready pod', '1']
        : ['no backend of this route has a ready pod, and no more requests may wait for one', heldRetrySeconds];
    this.#answerLocally(request, { status: 503, text, headers: { 'Retry-After': seconds } });
  }

  /** False: there is no room. Who waits already keeps his place. */
  #wait(request: RequestHead, { route, seconds }: { readonly route: string; readonly seconds: number }): boolean {
    if (this.#held !== undefined) {
      this.#held = { ...this.#held, seconds };
      return true;
    }
    const headBytes = this.#headBytes;
    const { holdQueue, isClosing } = this.#context;
    if (isClosing || !holdQueue.admit(this, route, headBytes + (this.#pending?.length ?? 0))) return false;
    this.#enter('held');
    this.#held = { request, headBytes, since: this.#context.now(), seconds, isOverdue: false };
    return true;
  }

  /** As long as there is room it reads on, because only then does it see that its client has left. */
  #keepHeld({ headBytes }: Held, received: Buffer): boolean {
    const hasRoom = this.#context.holdQueue.grow(this, headBytes + received.length);
    if (!hasRoom || received.length > maxHeldBytes) this.socket.pause();
    return false;
  }

  #checkHold(held: Held): void {
    if (this.#context.now() - held.since < held.seconds * 1_000) return;
    this.#endHold(held, `no backend of this route had a ready pod within ${held.seconds} s`);
  }

  /** Unless somebody is ready by now, and only others are before it. */
  #endHold(held: Held, text: string): void {
    const { request } = held;
    this.#held = { ...held, isOverdue: true };
    this.routeAgain();
    if (this.#held === undefined) return;
    this.#answerLocally(request, { status: 503, text, headers: { 'Retry-After': heldRetrySeconds } });
    this.#goOn();
  }

  /** With what came while the request waited. */
  #goOn(): void {
    this.socket.resume();
    if (!this.#isReading) this.#readPending();
  }

  /** A body that comes with it is not read: the connection ends instead. */
  #answerLocally(request: RequestHead, answer: LocalAnswer): void {
    const keepAlive = request.keepAlive && request.framing.kind === 'none' && !this.#context.isClosing;
    this.answer(answer, { keepAlive, isHead: request.method === 'HEAD' });
    if (keepAlive) this.#enter('idle');
    else this.#linger();
  }

  #refuse(answer: LocalAnswer): void {
    this.answer(answer, { keepAlive: false, isHead: false });
    this.#linger();
  }

  get #isLeaving(): boolean {
    return this.#phase === 'flushing' || this.#phase === 'lingering';
  }

  /** Requests that wait for the client to take answers are answered first. */
  #lingerUnlessFull(): void {
    if (!this.socket.writableNeedDrain) this.#linger();
  }

  #linger(): void {
    if (this.#isLeaving) return;
    this.#enter('flushing');
    this.#pending = undefined;
    this.socket.end(() => this.#enter('lingering'));
    this.socket.resume();
  }

  #onClose(): void {
    this.#exchange?.onClientGone();
    this.#tunnel?.onClientClose();
    this.#leaveHold();
    this.#context.forget(this);
  }

  #setPending(received: Buffer, from: number): void {
    this.#pending = from < received.length ? received.subarray(from) : undefined;
  }

  #leaveHold(): void {
    if (this.#held === undefined) return;
    this.#held = undefined;
    this.#context.holdQueue.leave(this);
  }

  #enter(phase: Phase): void {
    this.#leaveHold();
    this.#phase = phase;
    this.#phaseTick = this.#context.tick;
  }
}

function isCutShort({ isRequestRead, hasAnswerBegun }: Exchange): boolean {
  return !isRequestRead && !hasAnswerBegun;
}

function portOf(authority: string): string {
  return /:\d+$/.exec(authority)?.[0] ?? '';
}
