import type { Clock } from './clock.ts';
import type { Fence } from './fenced-client.ts';
import { calculateRemaining, type ElectionDurations, type Instant } from './lease-claim.ts';

export interface TermOptions {
  readonly clock: Clock;
  readonly durations: ElectionDurations;
  /** When the claim was sent that began it. */
  readonly since: Instant;
}

/** One uninterrupted leadership. Over for good once its renew deadline passes, whether or not a timer got to say so. */
export class LeadershipTerm implements Fence {
  readonly #options: TermOptions;
  readonly #ended = new AbortController();
  #since: Instant;
  #state: 'leading' | 'lost' | 'stopped' = 'leading';
  #cancel: () => void;

  constructor(options: TermOptions) {
    this.#options = options;
    this.#since = options.since;
    this.#cancel = this.#watchDeadline();
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  get state(): 'leading' | 'lost' | 'stopped' {
    return this.#state;
  }

  isInForce(): boolean {
    if (this.#remaining() <= 0)
      this.end('lost', `the lease was not renewed within ${this.#options.durations.renewDeadlineMilliseconds} ms`);
    return this.#state === 'leading';
  }

  check(): void {
    if (!this.isInForce()) throw new Error('this process leads no more', { cause: this.signal.reason });
  }

  /** Counts from a renewal that has succeeded. */
  extend(since: Instant): void {
    if (!this.isInForce()) return;
    this.#since = since;
    this.#cancel();
    this.#cancel = this.#watchDeadline();
  }

  end(state: 'lost' | 'stopped', reason: string): void {
    if (this.#state !== 'leading') return;
    this.#state = state;
    this.#cancel();
    this.#ended.abort(new Error(reason));
  }

  #remaining(): number {
    const { clock, durations } = this.#options;
    return calculateRemaining(this.#since, durations, { wall: clock.now(), monotonic: clock.monotonic() });
  }

  #watchDeadline(): () => void {
    return this.#options.clock.schedule(Math.max(0, this.#remaining()), () => {
      // Timers count whole milliseconds and may be a little early.
      if (this.isInForce()) this.#cancel = this.#watchDeadline();
    });
  }
}
