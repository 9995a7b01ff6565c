import { delay, type Clock } from '@slipway/kube/clock';
import { closeCodes, type PacedSocket } from './paced-socket.ts';

const lookMilliseconds = 20_000;

export interface Watch {
  readonly clock: Clock;
  /** Whether the reader is still who he was, and may still read. */
  readonly isAllowed: () => Promise<boolean>;
}

/** A stream may be open for days: it ends soon after the login or the token that opened it. */
export async function keepWatch(socket: PacedSocket, { clock, isAllowed }: Watch): Promise<void> {
  for (;;) {
    await delay(clock, lookMilliseconds, socket.closed).catch(() => undefined);
    if (socket.closed.aborted) return;
    if (await isAllowed()) continue;
    socket.close(closeCodes.refused, 'the login has ended, or allows this no more');
    return;
  }
}
