/** A limit on what one client asks of an API server, by a token bucket, with precedence for what matters first. */
import type { Clock } from './clock.ts';
import { attributesOf } from './request-attributes.ts';
import { StatusError } from './status-error.ts';
import type { Transport, TransportRequest, TransportResponse } from './transport.ts';

export interface RequestLimit {
  readonly clock: Clock;
  /** In the long run. */
  readonly perSecond: number;
  /** At once, after a while without any. */
  readonly burst: number;
}

/** In this order: what moves traffic, what is read to decide on it, and what only tells of it. */
const precedences = ['write', 'read', 'event'] as const;
type Precedence = (typeof precedences)[number];

/** More than a controller can have under way: beyond it something is wrong that waiting does not mend. */
const maximumWaiting = 10_000;

/** However long an API server that is overloaded asks for. */
const maximumRestSeconds = 30;

/** Leases are never held up: a leader that cannot renew its own in time would not be one any more. */
export function limitTransport(transport: Transport, limit: RequestLimit): Transport {
  const bucket = new TokenBucket(limit);
  return {
    send: async (request) => {
      const precedence = precedenceOf(request);
      if (precedence === undefined) return transport.send(request);
      await bucket.take(precedence, request.signal);
      const response = await transport.send(request);
      if (isOverloaded(request, response.status)) bucket.rest(restOf(response));
      return response;
    },
  };
}

/** The API server itself, and not a pod that is asked through it. */
function isOverloaded(request: TransportRequest, status: number): boolean {
  return status === 429 && attributesOf(request).resource !== 'pods/proxy';
}

/** Seconds: https://kubernetes.io/docs/concepts/cluster-administration/flow-control/ */
function restOf({ headers }: TransportResponse): number {
  const asked = Number(headers['retry-after']);
  return Number.isFinite(asked) && asked > 0 ? Math.min(asked, maximumRestSeconds) : 1;
}

/** Undefined: not limited. A pod that is asked for its health is on the way to traffic. */
function precedenceOf(request: TransportRequest): Precedence | undefined {
  const { verb, resource } = attributesOf(request);
  if (resource === 'leases') return undefined;
  if (resource === 'events') return 'event';
  const isReading = verb === 'get' || verb === 'list' || verb === 'watch';
  return isReading && resource !== 'pods/proxy' ? 'read' : 'write';
}

interface Waiting {
  readonly go: () => void;
}

/** Tokens come one by one, up to the burst; who waits longest of the first precedence gets the next. */
class TokenBucket {
  readonly #limit: RequestLimit;
  readonly #waiting: Readonly<Record<Precedence, Set<Waiting>>> = {
    write: new Set(),
    read: new Set(),
    event: new Set(),
  };
  #tokens: number;
  #countedAt: number;
  #isScheduled = false;

  constructor(limit: RequestLimit) {
    this.#limit = limit;
    this.#tokens = limit.burst;
    this.#countedAt = limit.clock.monotonic();
  }

  /** Resolves when the request may be sent; rejects when the signal aborts first. */
  async take(precedence: Precedence, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    this.#refill();
    if (this.#tokens >= 1 && this.#length === 0) {
      this.#tokens -= 1;
      return;
    }
    if (this.#length >= maximumWaiting)
      throw new StatusError(
        'TooManyRequests',
        `${maximumWaiting} requests wait already for the limit of ${this.#limit.perSecond} a second`,
      );
    await this.#wait(precedence, signal);
  }

  /** Sends nothing for so long, and then one by one. */
  rest(seconds: number): void {
    this.#refill();
    this.#tokens = Math.min(this.#tokens, 1 - seconds * this.#limit.perSecond);
  }

  get #length(): number {
    return precedences.reduce((sum, each) => sum + this.#waiting[each].size, 0);
  }

  #wait(precedence: Precedence, signal: AbortSignal | undefined): Promise<void> {
    const line = this.#waiting[precedence];
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        line.delete(waiting);
        reject(abortReason(signal));
      };
      const waiting: Waiting = {
        go: () => {
          line.delete(waiting);
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      line.add(waiting);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#schedule();
    });
  }

  #refill(): void {
    const { clock, perSecond, burst } = this.#limit;
    const now = clock.monotonic();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#countedAt) * perSecond) / 1_000);
    this.#countedAt = now;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#length === 0) return;
    this.#isScheduled = true;
    const missing = Math.max(0, 1 - this.#tokens);
    // Timers count whole milliseconds.
    this.#limit.clock.schedule(Math.ceil((missing * 1_000) / this.#limit.perSecond), () => {
      this.#isScheduled = false;
      this.#refill();
      this.#serve();
      this.#schedule();
    });
  }

  #serve(): void {
    for (const precedence of precedences)
      for (const waiting of this.#waiting[precedence]) {
        if (this.#tokens < 1) return;
        this.#tokens -= 1;
        waiting.go();
      }
  }
}

function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
