import type { Clock } from './clock.ts';
import { whenAllIsSaid } from './turns.ts';

const baseDelayMilliseconds = 5;
const maximumDelayMilliseconds = 60_000;
/** After so many keys that go first comes one of the others, so that these never wait for ever. */
const firstInARow = 15;

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Called for one key at a time, never twice at once for the same key. Must not reject. */
  readonly process: (key: string) => Promise<void>;
  /** How many keys at once. */
  readonly workers: number;
  /** Whether it goes before those of which this is false; asked when it begins to wait, and at each addition. */
  readonly goesFirst?: ((key: string) => boolean) | undefined;
}

/**
 * Keys to look at. A key that is added while it waits is looked at once; a key that is added while it is being looked at
 * is looked at again afterwards. Whoever waits longest is next, within those that go first and within the others. A look
 * begins when all is said that belongs to the moment: what one batch of a store changes is seen as a whole, by one look.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #first = new Set<string>();
  readonly #ready = new Set<string>();
  readonly #active = new Set<string>();
  readonly #dirty = new Set<string>();
  readonly #later = new Map<string, { readonly due: number; readonly cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  #inARow = 0;
  #state: 'new' | 'running' | 'stopped' = 'new';
  #isDrainPlanned = false;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Begins work on what was added; keys may be added before. */
  start(): void {
    this.#state = 'running';
    this.#drain();
  }

  /** Takes no more work, leaves no timer, and resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    for (const { cancel } of this.#later.values()) cancel();
    this.#later.clear();
    this.#first.clear();
    this.#ready.clear();
    this.#dirty.clear();
    if (this.#active.size === 0) return;
    this.#idle ??= Promise.withResolvers<void>();
    await this.#idle.promise;
  }

  get length(): number {
    return this.#first.size + this.#ready.size + this.#dirty.size;
  }

  add(key: string): void {
    if (this.#state === 'stopped') return;
    this.#forgetTimer(key);
    if (this.#active.has(key)) this.#dirty.add(key);
    else this.#wait(key);
    this.#planDrain();
  }

  /** Adds the key after a while; of several such calls the earliest counts. */
  addAfter(key: string, milliseconds: number): void {
    // What was under way when the queue was stopped may ask for another look.
    if (this.#state === 'stopped') return;
    const { clock } = this.#options;
    const due = clock.monotonic() + milliseconds;
    const existing = this.#later.get(key);
    if (existing !== undefined && existing.due <= due) return;
    existing?.cancel();
    const cancel = clock.schedule(milliseconds, () => {
      this.#later.delete(key);
      this.add(key);
    });
    this.#later.set(key, { due, cancel });
  }

  /** Adds the key after a delay that doubles with each failure since `forget`, from 5 ms to 60 s, and up to a half more at random. */
  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.addAfter(key, calculateBackoff(failures, this.#options.random()));
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  #forgetTimer(key: string): void {
    this.#later.get(key)?.cancel();
    this.#later.delete(key);
  }

  #planDrain(): void {
    if (this.#isDrainPlanned || this.length === 0) return;
    this.#isDrainPlanned = true;
    void whenAllIsSaid().then(() => {
      this.#isDrainPlanned = false;
      this.#drain();
    });
  }

  #drain(): void {
    while (this.#state === 'running' && this.#active.size < this.#options.workers) {
      const key = this.#take();
      if (key === undefined) return;
      this.#active.add(key);
      void this.#work(key);
    }
  }

  #wait(key: string): void {
    const { goesFirst = () => true } = this.#options;
    if (this.#first.has(key)) return;
    if (!goesFirst(key)) {
      this.#ready.add(key);
      return;
    }
    this.#ready.delete(key);
    this.#first.add(key);
  }

  /** Whoever waits longest of those whose turn it is. */
  #take(): string | undefined {
    const [first] = this.#first;
    const [other] = this.#ready;
    const isTurnOfFirst = first !== undefined && (other === undefined || this.#inARow < firstInARow);
    this.#inARow = isTurnOfFirst ? this.#inARow + 1 : 0;
    const key = isTurnOfFirst ? first : other;
    if (key !== undefined) (isTurnOfFirst ? this.#first : this.#ready).delete(key);
    return key;
  }

  async #work(key: string): Promise<void> {
    try {
      await this.#options.process(key);
    } finally {
      this.#active.delete(key);
      if (this.#dirty.delete(key)) this.#wait(key);
      if (this.#active.size === 0) this.#idle?.resolve();
      this.#planDrain();
    }
  }
}

/** 5 ms, 10 ms, 20 ms ... 60 s, each stretched by up to a half: `calculateBackoff(0, 0)` is 5, `calculateBackoff(3, 1)` is 60. */
export function calculateBackoff(failures: number, random: number): number {
  const delay = Math.min(maximumDelayMilliseconds, baseDelayMilliseconds * 2 ** Math.min(failures, 30));
  return delay * (1 + random / 2);
}
