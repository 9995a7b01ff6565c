/** One key press reaches us from the terminal and once more from npm; only what comes later is a second one. */
const sameKeyMilliseconds = 1_000;

export interface StopReaction {
  readonly signals: readonly NodeJS.Signals[];
  /** Once. */
  onStop(signal: NodeJS.Signals): void;
  /** Somebody who asks again does not want to wait. */
  onInsist(): void;
}

/** Answers the signals that ask the process to end, from now on. */
export function reactToStop({ signals, onStop, onInsist }: StopReaction): void {
  let askedAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (askedAt === undefined) {
      askedAt = performance.now();
      onStop(signal);
    } else if (performance.now() - askedAt > sameKeyMilliseconds) onInsist();
  };
  for (const signal of signals) process.on(signal, onSignal);
}

/** When a part that runs until it is stopped has to stop. */
export class PartStop {
  readonly #asked = Promise.withResolvers<void>();
  readonly #ending = new AbortController();
  #hasStarted = false;

  constructor() {
    reactToStop({
      signals: ['SIGTERM', 'SIGINT'],
      onStop: (signal) => {
        this.#asked.resolve();
        if (!this.#hasStarted) this.#ending.abort(new Error(signal));
      },
      onInsist: () => this.#ending.abort(new Error('asked to stop again')),
    });
  }

  /** Aborts when nothing more may be waited for: asked during the start, or again while it ends. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** From now on who asks is answered by the promise, and has what runs ended in order. */
  afterStart(): Promise<void> {
    this.#hasStarted = true;
    return this.#asked.promise;
  }
}

/** Runs what is of no interest any more once the signal has aborted, nor how it failed then. */
export async function unlessStopped(signal: AbortSignal, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Runs a part as a process of its own: the signal aborts when the process is asked to end, and who insists ends it at once. */
export async function runUntilStopped(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stopping = new AbortController();
  reactToStop({
    signals: ['SIGTERM', 'SIGINT'],
    onStop: (name) => stopping.abort(new Error(name)),
    onInsist: () => process.exit(130),
  });
  await unlessStopped(stopping.signal, () => run(stopping.signal));
}
