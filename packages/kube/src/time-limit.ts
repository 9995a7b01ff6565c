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
  let since = clock.monotonic();
  const schedule = (after: number): (() => void) => clock.schedule(after, expire);
  const expire = (): void => {
    const left = since + milliseconds - clock.monotonic();
    if (left > 0) cancel = schedule(left);
    else limited.abort(new Error(message));
  };
  let cancel = schedule(milliseconds);
  return {
    signal: limited.signal,
    // Only noted, and looked at when the time would be over: some begin it anew a hundred thousand times.
    restart: () => {
      since = clock.monotonic();
    },
    [Symbol.dispose]: () => {
      cancel();
      signal.removeEventListener('abort', onAbort);
    },
  };
}
