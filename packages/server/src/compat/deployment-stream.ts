import type { Clock } from '@slipway/kube/clock';
import type { Database } from '../database/database.ts';
import { closeCodes, type PacedSocket } from '../streams/paced-socket.ts';
import { Signal } from '../streams/signal.ts';

export interface DeploymentLog {
  readonly lines: readonly string[];
  /** No more lines come. */
  readonly isOver: boolean;
}

export interface DeploymentStream {
  readonly database: Database;
  readonly clock: Clock;
  /** Undefined: it is not known any more. What it gives later begins with what it gave before. */
  readonly read: () => Promise<DeploymentLog | undefined>;
}

/** Some of what ends a deployment is not in the database: it is looked at so often, too. */
const lookMilliseconds = 1_000;

/** Sends the whole log so far, then what is added each time, and closes when the deployment has ended and all of it is sent. */
export async function streamDeployment(
  socket: PacedSocket,
  { database, clock, read }: DeploymentStream,
): Promise<void> {
  const changes = new Signal();
  const stop = database.listen(() => changes.raise());
  socket.closed.addEventListener('abort', () => changes.raise(), { once: true });
  try {
    let sent = 0;
    while (!socket.closed.aborted) {
      // Before the look: what is added after it raises it again.
      changes.lower();
      const log = await read();
      if (log === undefined) return socket.close(closeCodes.refused, 'the deployment is not known any more');
      const text = log.lines
        .slice(sent)
        .map((line) => `${line}\n`)
        .join('');
      sent = log.lines.length;
      if (text !== '' && !(await socket.sendText(text, 'all of it again'))) return;
      if (log.isOver) return socket.close(closeCodes.normal, 'the deployment has ended');
      const cancel = clock.schedule(lookMilliseconds, () => changes.raise());
      await changes.raised();
      cancel();
    }
  } finally {
    stop();
  }
}
