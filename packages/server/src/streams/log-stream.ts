import type { Database } from '../database/database.ts';
import { readLog, readRecord, readState } from '../history/read-history.ts';
import { releaseTopic } from '../history/record-release.ts';
import { closeCodes, type PacedSocket } from './paced-socket.ts';
import { Signal } from './signal.ts';

const linesAtOnce = 200;

export interface LogStream {
  readonly database: Database;
  readonly uid: string;
  /** The number of the last line that the reader has. */
  readonly after: number;
}

/**
 * Sends the log of a release from a line on, then what is added, and, when it has ended and every line is sent, how. What is
 * sent is read from the database, so a reader may go and come back to any server without missing or repeating a line.
 */
export async function streamLog(socket: PacedSocket, { database, uid, after }: LogStream): Promise<void> {
  const changes = new Signal();
  const stop = database.listen((change) => {
    if (change.type === 'lost' || change.topic === releaseTopic(uid)) changes.raise();
  });
  socket.closed.addEventListener('abort', () => changes.raise(), { once: true });
  try {
    let last = after;
    // A release that has just begun is written down in a moment; one that was written down and is gone has ended.
    let wasWritten = false;
    while (!socket.closed.aborted) {
      // Before the lines: what is added after this look raises it again.
      changes.lower();
      const state = await readState(database, uid);
      wasWritten ||= state !== 'missing';
      const items = await readLog(database, uid, { after: last, limit: linesAtOnce });
      last = items.at(-1)?.number ?? last;
      if (items.length > 0 && !(await socket.send({ type: 'lines', items }, `after=${last}`))) return;
      if (items.length === linesAtOnce) continue;
      if (state === 'over' || (state === 'missing' && wasWritten)) {
        const { phase = 'Unknown', release, logLength = last } = (await readRecord(database, uid)) ?? {};
        // Who comes with a line that there never was is told how many there are.
        const lines = Math.min(last, logLength);
        const reason = release?.status?.ending?.reason;
        await socket.send({ type: 'end', phase, reason, lines }, `after=${lines}`);
        socket.close(closeCodes.normal, 'the release has ended');
        return;
      }
      await changes.raised();
    }
  } finally {
    stop();
  }
}
