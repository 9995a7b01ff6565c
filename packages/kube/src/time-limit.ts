import type { Clock } from './clock.ts';

/** A signal that aborts with another one, or when its time is over. Disposing of it stops the time. */
export interface TimeLimit extends Disposable {
  readonly signal: AbortSignal;
  /** Begins the time anew. */
  restart(): void;
}

export interface TimeLimitOptions {
  readonly clock: Clock;
  readonly milliseconds: number;
  readonly signal: AbortSignal;
  /** What the signal's reason says when the time is over. */
  readonly message: string;
}

/** By listeners that are removed again: signals that `AbortSignal.any` joins to one that lives as long as the process pile up. */
export function limitTime({ clock, milliseconds, signal, message }: TimeLimitOptions): TimeLimit {
  const limited = new AbortController();
  const onAbort = (): void => limited.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const schedule = (): (() => void) => clock.schedule(milliseconds, () => limited.abort(new Error(message)));
  let cancel = schedule();
  return {
    signal: limited.signal,
    restart: () => {
      cancel();
      cancel = schedule();
    },
    [Symbol.dispose]: () => {
      cancel();
      signal.removeEventListener('abort', onAbort);
    },
  };
}
