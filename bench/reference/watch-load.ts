/**
 * So many watches of one collection, each on a TLS connection of its own, while objects are created in it at a steady rate.
 * Argument: `WatchPlan` as JSON. Prints `WatchOutcome` as JSON. All readers see the events in the same order, so that they
 * need only be counted.
 */
import { connect, type TLSSocket } from 'node:tls';
import { processorMilliseconds } from '../processor-time.ts';

export interface WatchPlan {
  readonly port: number;
  readonly token: string;
  /** Of the collection. */
  readonly path: string;
  readonly kind: string;
  /** From where the watches begin: nobody else writes to the collection from then on. */
  readonly resourceVersion: string;
  readonly watches: number;
  readonly writesPerSecond: number;
  /** Told at the same rate before those that are measured: in their time both sides clear away what so many handshakes left. */
  readonly writesBefore: number;
  readonly writes: number;
  /** Of the server, whose computing is measured. */
  readonly pid: number;
  /** Of the objects' names. */
  readonly prefix: string;
}

export interface WatchOutcome {
  /** From sending a write until the last watch has its event, in milliseconds. */
  readonly median: number;
  readonly p99: number;
  readonly slowest: number;
  /** Share of one core that this generator itself took. */
  readonly load: number;
  /** That the server computed for each event of each watch. */
  readonly serverMicroseconds: number;
}

const plan: WatchPlan = JSON.parse(process.argv[2] ?? '');
const allWrites = plan.writesBefore + plan.writes;
const writers = 16;
const endOfHead = Buffer.from('\r\n\r\n');
const endOfEvent = Buffer.from('}\n');
const tickMilliseconds = 10;

/** What has been spent when the events before the measured ones have been seen, and all. */
const spentBefore = Promise.withResolvers<Spent>();
const spent = Promise.withResolvers<Spent>();
/** By the order of events. */
const seenBy = new Uint32Array(allWrites);
const lastSeenAt = new Float64Array(allWrites);
/** By resourceVersion. */
const sentAt = new Map<number, number>();

function open(): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    // It is a certificate of this run, and of no interest here.
    const socket = connect({ port: plan.port, host: '127.0.0.1', rejectUnauthorized: false }, () => resolve(socket));
    socket.setNoDelay(true);
    socket.on('error', reject);
    // What is waited for on it would never come.
    socket.on('close', () => {
      throw new Error(`127.0.0.1:${plan.port} closed a connection that is measured`);
    });
  });
}

function headOf(method: string, path: string, more = ''): string {
  return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${plan.port}\r\nAccept: application/json\r\nAuthorization: Bearer ${plan.token}\r\n${more}\r\n`;
}

/** Resolves when the server has begun to answer. */
async function watch(): Promise<void> {
  const socket = await open();
  const begun = Promise.withResolvers<void>();
  let seen = 0;
  let last = 0;
  const count = (piece: Buffer): void => {
    // The first half of an end may have come in the piece before.
    if (last === endOfEvent[0] && piece[0] === endOfEvent[1]) note(seen++);
    for (let at = piece.indexOf(endOfEvent); at >= 0; at = piece.indexOf(endOfEvent, at + 2)) note(seen++);
    last = piece.at(-1) ?? last;
  };
  let head: Buffer | undefined = Buffer.alloc(0);
  socket.on('data', (piece: Buffer) => {
    if (head === undefined) return count(piece);
    head = Buffer.concat([head, piece]);
    const end = head.indexOf(endOfHead);
    if (end < 0) return;
    const rest = head.subarray(end + endOfHead.length);
    head = undefined;
    begun.resolve();
    count(rest);
  });
  socket.write(headOf('GET', `${plan.path}?watch=true&resourceVersion=${plan.resourceVersion}`));
  return begun.promise;
}

interface Spent {
  readonly at: number;
  readonly ownMilliseconds: number;
  readonly serverMilliseconds: number;
}

async function look(): Promise<Spent> {
  const at = performance.now();
  const { user, system } = process.cpuUsage();
  return { at, ownMilliseconds: (user + system) / 1_000, serverMilliseconds: await processorMilliseconds(plan.pid) };
}

function note(event: number): void {
  seenBy[event] = (seenBy[event] ?? 0) + 1;
  if (seenBy[event] !== plan.watches) return;
  lastSeenAt[event] = performance.now();
  if (event === plan.writesBefore - 1) spentBefore.resolve(look());
  if (event === allWrites - 1) spent.resolve(look());
}

/** Resolves when the answer is there. */
function create(socket: TLSSocket, index: number): Promise<void> {
  const object = {
    apiVersion: 'v1',
    kind: plan.kind,
    metadata: { name: `${plan.prefix}-${index}` },
    data: { value: 'x' },
  };
  const body = JSON.stringify(object);
  const sent = performance.now();
  const answered = new Promise<void>((resolve, reject) => {
    let text = '';
    const read = (piece: Buffer): void => {
      text += piece.toString('latin1');
      const version = /"resourceVersion":"(\d+)"/.exec(text)?.[1];
      const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
      const end = text.indexOf('\r\n\r\n');
      if (end < 0 || text.length < end + 4 + Number(length)) return;
      socket.off('data', read);
      if (version === undefined) return reject(new Error(`not created: ${text.slice(end + 4)}`));
      sentAt.set(Number(version), sent);
      resolve();
    };
    socket.on('data', read);
  });
  socket.write(
    headOf('POST', plan.path, `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`) +
      body,
  );
  return answered;
}

/** At the rate that is asked for, however long the answers take, as far as connections are free. */
async function writeAll(): Promise<void> {
  const free = await Promise.all(Array.from({ length: writers }, open));
  const begun = performance.now();
  const under = new Set<Promise<void>>();
  for (let index = 0; index < allWrites;) {
    const due = Math.floor(((performance.now() - begun) * plan.writesPerSecond) / 1_000) + 1;
    for (; index < Math.min(due, allWrites); index++) {
      const socket = free.pop();
      if (socket === undefined) break;
      const one = create(socket, index).then(() => {
        free.push(socket);
        under.delete(one);
      });
      under.add(one);
    }
    await new Promise((resolve) => setTimeout(resolve, tickMilliseconds));
  }
  await Promise.all(under);
}

await Promise.all(Array.from({ length: plan.watches }, watch));
if (plan.writesBefore === 0) spentBefore.resolve(look());
await writeAll();
const [before, after] = [await spentBefore.promise, await spent.promise];
const milliseconds = after.at - before.at;
const sentInOrder = [...sentAt].toSorted(([a], [b]) => a - b).map(([, sent]) => sent);
const latencies = sentInOrder
  .map((sent, event) => (lastSeenAt[event] ?? 0) - sent)
  .slice(plan.writesBefore)
  .toSorted((a, b) => a - b);
const at = (share: number): number =>
  latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
const outcome: WatchOutcome = {
  median: at(0.5),
  p99: at(0.99),
  slowest: at(1),
  load: (after.ownMilliseconds - before.ownMilliseconds) / milliseconds,
  serverMicroseconds: ((after.serverMilliseconds - before.serverMilliseconds) * 1_000) / (plan.watches * plan.writes),
};
process.stdout.write(`${JSON.stringify(outcome)}\n`);
process.exit();
