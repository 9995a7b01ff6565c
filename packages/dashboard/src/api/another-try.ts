import type { Clock } from '../platform/browser.ts';
import { calculateBackoff } from './backoff.ts';
import { ApiProblem, isPassing } from './problem.ts';

/** What a server or somebody before it may ask for; timers know no more than 24 days. */
const longestMilliseconds = 3_600_000;

/** How long to wait before what failed so often is asked again; undefined: it would fail again. */
export function calculatePause(problem: unknown, failures: number, random: number): number | undefined {
  if (!(problem instanceof ApiProblem) || !isPassing(problem)) return undefined;
  const { retryAfterMilliseconds = 0 } = problem;
  // Not all at once who were told the same.
  return Math.min(retryAfterMilliseconds, longestMilliseconds) + calculateBackoff(failures, random);
}

export interface AnotherTryOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly ask: () => void;
}

/** Asks again by itself what failed in passing, each time after a longer pause. */
export class AnotherTry {
  readonly #options: AnotherTryOptions;
  #failures = 0;
  #cancel: (() => void) | undefined;

  constructor(options: AnotherTryOptions) {
    this.#options = options;
  }

  /** It will be asked: who has no reason of his own need not ask before. */
  get isComing(): boolean {
    return this.#cancel !== undefined;
  }

  /** Of every answer; undefined: there is nothing wrong. */
  hear(problem: unknown): void {
    const { clock, random, ask } = this.#options;
    this.stop();
    const pause = calculatePause(problem, this.#failures, random());
    this.#failures = pause === undefined ? 0 : this.#failures + 1;
    if (pause === undefined) return;
    this.#cancel = clock.schedule(pause, () => {
      this.#cancel = undefined;
      ask();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
