import type { Clock } from '@slipway/kube/clock';
import type { Principal } from '../identity/principal.ts';
import type { ApplicationChanges } from '../view/application-changes.ts';
import type { PacedSocket } from './paced-socket.ts';
import { Signal } from './signal.ts';

export interface ApplicationStream {
  readonly clock: Clock;
  readonly changes: ApplicationChanges;
  readonly principal: Principal;
  /** Where the reader was: of this life of the server, or of one that is over. */
  readonly after?: string | undefined;
  /** Of this life of the server. */
  readonly epoch: string;
}

const itemsAtOnce = 100;
/** Pages do not see pings: by this they know silence of a connection that is lost from that of a fleet in which nothing happens. */
const signOfLifeMilliseconds = 20_000;

/**
 * Sends how all applications are that the reader may see, and from then on how each one is that has changed. A reader who is
 * slower than the changes misses states in between and never the last one: what he is told is how it is now. Every 20 seconds
 * he is told something, and be it that nothing has changed.
 */
export async function streamApplications(socket: PacedSocket, stream: ApplicationStream): Promise<void> {
  const { changes, epoch, clock } = stream;
  const news = new Signal();
  let isDue = false;
  let cancel = clock.schedule(signOfLifeMilliseconds, giveSign);
  const stop = changes.onChange(() => news.raise());
  socket.closed.addEventListener('abort', () => news.raise(), { once: true });
  try {
    let position = await begin(socket, stream);
    while (position !== undefined && !socket.closed.aborted) {
      await news.raised();
      news.lower();
      const revision = changes.revision;
      const keys = changes.since(position);
      // It fell so far behind that nobody remembers: it is told everything again.
      if (keys === undefined) position = await sendAll(socket, stream);
      else {
        const leastFrames = isDue ? 1 : 0;
        isDue = false;
        if (!(await sendChanged(socket, stream, { keys, from: position, revision, leastFrames }))) return;
        position = revision;
      }
    }
  } finally {
    cancel();
    stop();
  }

  function giveSign(): void {
    isDue = true;
    news.raise();
    cancel = clock.schedule(signOfLifeMilliseconds, giveSign);
  }

  function begin(socket: PacedSocket, given: ApplicationStream): Promise<number | undefined> {
    const [knownEpoch, revision = ''] = given.after?.split('.') ?? [];
    const known = knownEpoch === epoch && /^\d+$/.test(revision) ? Number(revision) : undefined;
    if (known === undefined || changes.since(known) === undefined) return sendAll(socket, given);
    news.raise();
    return Promise.resolve(known);
  }
}

async function sendAll(
  socket: PacedSocket,
  { changes, principal, epoch }: ApplicationStream,
): Promise<number | undefined> {
  const { revision } = changes;
  const after = `${epoch}.${revision}`;
  const seen = [];
  for (const item of changes.list()) if (await principal.may('view', item.namespace)) seen.push(item);
  for (let start = 0; start === 0 || start < seen.length; start += itemsAtOnce) {
    const items = seen.slice(start, start + itemsAtOnce);
    const isLast = start + itemsAtOnce >= seen.length;
    const frame = { type: 'snapshot', first: start === 0, last: isLast, items, ...(isLast ? { after } : {}) };
    if (!(await socket.send(frame, 'no position'))) return undefined;
  }
  return revision;
}

interface Changed {
  readonly keys: readonly string[];
  readonly from: number;
  readonly revision: number;
  /** One: he is told of no change, too. */
  readonly leastFrames: number;
}

/** Many changes are many frames: who was given some of them and goes on is given all of them again. */
async function sendChanged(
  socket: PacedSocket,
  { changes, principal, epoch }: ApplicationStream,
  { keys, from, revision, leastFrames }: Changed,
): Promise<boolean> {
  const changed = [];
  const removed = [];
  for (const key of keys) {
    const [namespace = '', name = ''] = key.split('/');
    if (!(await principal.may('view', namespace))) continue;
    const item = changes.get(key);
    if (item === undefined) removed.push({ namespace, name });
    else changed.push(item);
  }
  const frames = Math.max(Math.ceil(Math.max(changed.length, removed.length) / itemsAtOnce), leastFrames);
  for (let frame = 1; frame <= frames; frame += 1) {
    const [start, end] = [(frame - 1) * itemsAtOnce, frame * itemsAtOnce];
    const after = `${epoch}.${frame === frames ? revision : from}`;
    const items = { changed: changed.slice(start, end), removed: removed.slice(start, end) };
    if (!(await socket.send({ type: 'changes', ...items, after }, `after=${after}`))) return false;
  }
  return true;
}
