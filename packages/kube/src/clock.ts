import { onAbort } from './abort-listeners.ts';

/**
 * Time, passed in. Components never read the real clock, so that every one of them runs in virtual time in tests.
 * `now` is wall time in milliseconds since the epoch and may jump; `monotonic` never goes back and measures durations.
 */
export interface Clock {
  now(): number;
  monotonic(): number;
  /** Calls back once, `milliseconds` from now. The returned function cancels; cancelling twice is harmless. */
  schedule(milliseconds: number, callback: () => void): () => void;
}

/** Resolves after `milliseconds`, or rejects with the signal's reason when it aborts first. */
export function delay(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortReason(signal));
      return;
    }
    const stopListening =
      signal === undefined
        ? undefined
        : onAbort(signal, () => {
            cancel();
            reject(abortReason(signal));
          });
    const cancel = clock.schedule(milliseconds, () => {
      stopListening?.();
      resolve();
    });
  });
}

function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

/** The time as Kubernetes writes it in `metav1.Time`: UTC with whole seconds. */
export function formatTime(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1_000);
  if (lastSecond.second !== second) lastSecond = { second, text: textsOf(milliseconds).seconds };
  return lastSecond.text;
}

/** The time as Kubernetes writes it in `metav1.MicroTime`: UTC with six decimals. */
export function formatMicroTime(milliseconds: number): string {
  return textsOf(milliseconds).microseconds;
}

interface Texts {
  readonly milliseconds: number;
  readonly seconds: string;
  readonly microseconds: string;
}

let lastSecond = { second: Number.NaN, text: '' };
let last: Texts = { milliseconds: Number.NaN, seconds: '', microseconds: '' };

/** One decision writes the same moment in many places. */
function textsOf(milliseconds: number): Texts {
  if (last.milliseconds === milliseconds) return last;
  const text = new Date(milliseconds).toISOString();
  last = { milliseconds, seconds: `${text.slice(0, 19)}Z`, microseconds: `${text.slice(0, 23)}000Z` };
  return last;
}
