import { connect } from 'node:net';
import { delay, type Clock } from '@slipway/kube/clock';

/** Without a server for so long, pods that nobody can reach or stop any more are not kept. */
export const serverAbsenceLimitMilliseconds = 60_000;
const lookMilliseconds = 2_000;
const firstLookMilliseconds = 10;

export interface ServerWatchOptions {
  readonly apiSocket: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly isThere?: ((socketPath: string) => Promise<boolean>) | undefined;
}

/** Resolves with `absent` when no server has listened for a minute, with `stopped` when the signal aborts. */
export async function watchServer(options: ServerWatchOptions): Promise<'absent' | 'stopped'> {
  const { clock, signal, apiSocket, isThere = canConnect } = options;
  let lastSeen = clock.monotonic();
  while (!signal.aborted) {
    if (await isThere(apiSocket)) lastSeen = clock.monotonic();
    if (clock.monotonic() - lastSeen >= serverAbsenceLimitMilliseconds) return 'absent';
    await delay(clock, lookMilliseconds, signal).catch(() => undefined);
  }
  return 'stopped';
}

/** Resolves when the server listens: helper and server start side by side, and the helper is often first. */
export async function awaitServer(options: ServerWatchOptions): Promise<void> {
  const { clock, signal, apiSocket, isThere = canConnect } = options;
  while (!(await isThere(apiSocket))) {
    await delay(clock, firstLookMilliseconds, signal);
  }
}

function canConnect(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
