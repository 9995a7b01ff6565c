import { AnotherTry } from '../api/another-try.ts';
import type { Clock } from '../platform/browser.ts';
import { Refresher } from './refresher.ts';

export interface RetryingReadOptions<Answer> {
  readonly clock: Clock;
  readonly random: () => number;
  readonly read: (signal: AbortSignal) => Promise<Answer>;
  readonly onAnswer: (answer: Answer) => void;
  /** It is read again by itself where the problem passes. */
  readonly onProblem: (problem: unknown) => void;
}

/** Reads something as often as it is asked, one read at a time, and again by itself what failed in passing. */
export class RetryingRead<Answer> {
  readonly #options: RetryingReadOptions<Answer>;
  readonly #leaving = new AbortController();
  readonly #again: AnotherTry;
  readonly #refresher: Refresher;

  constructor(options: RetryingReadOptions<Answer>) {
    const { clock, random } = options;
    this.#options = options;
    this.#again = new AnotherTry({ clock, random, ask: () => this.ask() });
    this.#refresher = new Refresher(() => this.#take());
  }

  ask(): void {
    this.#refresher.ask();
  }

  /** For news and for the time: who was told to wait is not hurried by them. */
  askUnlessComing(): void {
    if (!this.#again.isComing) this.ask();
  }

  /** Nothing is told from now on. */
  stop(): void {
    this.#again.stop();
    this.#leaving.abort();
  }

  async #take(): Promise<void> {
    const { signal } = this.#leaving;
    if (signal.aborted) return;
    const { read, onAnswer, onProblem } = this.#options;
    const tell = await read(signal).then(
      (answer) => () => {
        this.#again.hear(undefined);
        onAnswer(answer);
      },
      (problem: unknown) => () => {
        this.#again.hear(problem);
        onProblem(problem);
      },
    );
    if (!signal.aborted) tell();
  }
}
