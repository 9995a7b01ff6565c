import type { Clock } from '@slipway/kube/clock';
import { Latencies } from './latency.ts';
import type { LoadFailure, LoadOptions, LoadReport } from './protocol.ts';

/** A client that has waited so long from the intended start has gone. */
const defaultPatienceMilliseconds = 5_000;
const keptFailures = 20;

export interface LoadRequest {
  /** An application that repeats the id of requests must repeat this one. */
  readonly id: string;
  /** How many were sent before it. */
  readonly index: number;
}

export type LoadOutcome =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string; readonly id: string | undefined }
  | { readonly kind: 'broken'; readonly reason: string };

/** Sends a request, says once how it ended, and returns how to give it up. */
export type SendRequest = (request: LoadRequest, onEnd: (outcome: LoadOutcome) => void) => () => void;

export interface OpenLoadOptions extends Pick<LoadOptions, 'rate' | 'versions' | 'patienceMilliseconds'> {
  readonly clock: Clock;
  readonly send: SendRequest;
  /** Tells its requests from those of another load. */
  readonly name: string;
}

interface Sent extends LoadRequest {
  /** Monotonic: when it should have left. */
  readonly intendedAt: number;
  /** In milliseconds since 1970. */
  readonly sentAt: number;
  /** Bodies that counted as right when it left. */
  readonly allowed: ReadonlySet<string>;
}

/** Requests leave at a constant rate whatever the answers do, and latency counts from when they should have left. */
export class OpenLoad {
  readonly #options: OpenLoadOptions;
  readonly #startedAt: number;
  readonly #patience: number;
  readonly #latencies = new Latencies();
  readonly #byVersion = new Map<string, number>();
  readonly #lastSent = new Map<string, number>();
  readonly #failures: LoadFailure[] = [];
  #allowed: ReadonlySet<string>;
  #sent = 0;
  #succeeded = 0;
  #failed = 0;

  constructor(options: OpenLoadOptions) {
    this.#options = options;
    this.#startedAt = options.clock.monotonic();
    this.#allowed = new Set(options.versions);
    this.#patience = options.patienceMilliseconds ?? defaultPatienceMilliseconds;
  }

  /** Every request that was sent has ended. */
  get isQuiet(): boolean {
    return this.#succeeded + this.#failed === this.#sent;
  }

  /** Bodies that count as right from now on, beside those that did when a request left. */
  allow(versions: readonly string[]): void {
    this.#allowed = new Set(versions);
  }

  /** Sends all that is due: whoever calls late keeps the rate all the same, and the delay counts as latency. */
  sendDue(): void {
    const interval = 1_000 / this.#options.rate;
    for (
      let intendedAt = this.#startedAt + this.#sent * interval;
      intendedAt <= this.#options.clock.monotonic();
      intendedAt = this.#startedAt + this.#sent * interval
    )
      this.#send(intendedAt);
  }

  report(): Omit<LoadReport, 'commands' | 'isFinal'> {
    return {
      sent: this.#sent,
      succeeded: this.#succeeded,
      failed: this.#failed,
      byVersion: Object.fromEntries(this.#byVersion),
      lastSent: Object.fromEntries(this.#lastSent),
      p50: this.#latencies.percentile(0.5),
      p99: this.#latencies.percentile(0.99),
      failures: this.#failures,
    };
  }

  #send(intendedAt: number): void {
    const { clock, send, name } = this.#options;
    const index = this.#sent;
    const request: Sent = { id: `${name}-${index}`, index, intendedAt, sentAt: clock.now(), allowed: this.#allowed };
    this.#sent += 1;
    let isOpen = true;
    const end = (outcome: LoadOutcome | 'late'): void => {
      if (!isOpen) return;
      isOpen = false;
      cancel();
      this.#record(request, outcome);
    };
    const patience = Math.max(0, intendedAt + this.#patience - clock.monotonic());
    const cancel = clock.schedule(patience, () => {
      end('late');
      giveUp();
    });
    const giveUp = send(request, end);
  }

  #record(request: Sent, outcome: LoadOutcome | 'late'): void {
    const latency = this.#options.clock.monotonic() - request.intendedAt;
    this.#latencies.record(latency);
    // Also where it was this process that was late: a timer fires no sooner than an answer is read.
    if (outcome === 'late' || latency > this.#patience)
      return this.#fail(`no answer within ${this.#patience / 1_000} s`);
    if (outcome.kind === 'broken') return this.#fail(outcome.reason);
    const fault = this.#findFault(request, outcome);
    if (fault !== undefined) return this.#fail(fault);
    this.#succeeded += 1;
    const { body } = outcome;
    this.#byVersion.set(body, (this.#byVersion.get(body) ?? 0) + 1);
    this.#lastSent.set(body, Math.max(request.sentAt, this.#lastSent.get(body) ?? 0));
    return undefined;
  }

  #findFault(request: Sent, answer: Extract<LoadOutcome, { kind: 'answered' }>): string | undefined {
    const { status, body, id } = answer;
    if (id !== undefined && id !== request.id) return 'the answer to another request';
    if (status < 200 || status > 299) return `status ${status}: ${body.slice(0, 100)}`;
    if (!this.#allowed.has(body) && !request.allowed.has(body))
      return `wrong body: ${JSON.stringify(body.slice(0, 100))}`;
    return undefined;
  }

  #fail(reason: string): void {
    this.#failed += 1;
    const at = Math.round(this.#options.clock.monotonic() - this.#startedAt);
    if (this.#failures.length < keptFailures) this.#failures.push({ at, reason });
  }
}
