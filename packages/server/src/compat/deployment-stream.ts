import type { Clock } from '@slipway/kube/clock';
import type { Database } from '../database/database.ts';
import { closeCodes, type PacedSocket } from '../streams/paced-socket.ts';
import { releaseTopic } from '../history/record-release.ts';
import { Signal } from '../streams/signal.ts';
import { startOfLog, type LogPosition } from './read-deployment.ts';

export interface DeploymentLog {
  /** Beyond the position that was asked for. */
  readonly lines: readonly string[];
  readonly position: LogPosition;
  /** No more lines come. */
  readonly isOver: boolean;
  /** Of the release, once there is one. */
  readonly uid?: string | undefined;
}

export interface DeploymentStream {
  readonly database: Database;
  readonly clock: Clock;
  /** Undefined: it is not known any more. */
  readonly read: (from: LogPosition) => Promise<DeploymentLog | undefined>;
}

/** Some of what ends a deployment is not in the database: it is looked at so often, too. */
const lookMilliseconds = 1_000;

/** Sends the whole log so far, then what is added each time, and closes when the deployment has ended and all of it is sent. */
export async function streamDeployment(
  socket: PacedSocket,
  { database, clock, read }: DeploymentStream,
): Promise<void> {
  const changes = new Signal();
  let uid: string | undefined;
  const stop = database.listen((change) => {
    // Until it has one, each release that begins may be its own.
    if (uid === undefined || change.type === 'lost' || change.topic === releaseTopic(uid)) changes.raise();
  });
  socket.closed.addEventListener('abort', () => changes.raise(), { once: true });
  try {
    let position = startOfLog;
    while (!socket.closed.aborted) {
      // Before the look: what is added after it raises it again.
      changes.lower();
      const log = await read(position);
      if (log === undefined) return socket.close(closeCodes.refused, 'the deployment is not known any more');
      ({ position, uid } = log);
      const text = log.lines.map((line) => `${line}\n`).join('');
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
