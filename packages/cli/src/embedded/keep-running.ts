import { delay, type Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';

export interface KeepRunning {
  readonly name: string;
  /** Begins it, and resolves when it has ended, with how. Ends it when the signal aborts. */
  readonly run: (signal: AbortSignal) => Promise<string>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const firstPauseMilliseconds = 1_000;
const longestPauseMilliseconds = 60_000;
/** What has run for so long has not failed to start: its next end is a first one. */
const soundMilliseconds = 60_000;

/** Begins again what has ended, after a pause that doubles while it does not last, until the signal. Resolves when it has ended. */
export async function keepRunning({ name, run, clock, logger, signal }: KeepRunning): Promise<void> {
  let pause = firstPauseMilliseconds;
  while (!signal.aborted) {
    const begun = clock.monotonic();
    const end = await run(signal);
    if (signal.aborted) return;
    if (clock.monotonic() - begun >= soundMilliseconds) pause = firstPauseMilliseconds;
    logger.warn(`${name} has ended and is started again`, { end, afterSeconds: pause / 1_000 });
    await delay(clock, pause, signal).catch(() => undefined);
    pause = Math.min(pause * 2, longestPauseMilliseconds);
  }
}
