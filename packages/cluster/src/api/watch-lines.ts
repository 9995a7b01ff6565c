/** Watches as text, a line an event. A failure of the API is the last of them. */
import { StatusError } from '@slipway/kube/status-error';
import type { TransportBody } from '@slipway/kube/transport';
import { eventLine, eventText } from './stored-text.ts';

export async function* watchLines(events: AsyncIterable<unknown>): AsyncIterable<string> {
  try {
    for await (const event of events) yield eventText(event);
  } catch (error) {
    yield failureLine(error);
  }
}

/** A piece that is as long ends, so that no more than that is copied before a slow reader is waited for. */
const pieceBytes = 256 * 1024;
/** Longer batches are those of readers who lag behind, each by itself. */
const sharedEvents = 100;

/** The lines of one moment in one piece: to encrypt and send a piece takes longer than to make it. */
export async function* watchPieces({
  events,
  batches,
}: TransportBody & { readonly kind: 'watch' }): AsyncIterable<string | Uint8Array> {
  if (batches === undefined) {
    yield* watchLines(events);
    return;
  }
  try {
    for await (const batch of batches) yield* piecesOf(batch);
  } catch (error) {
    yield failureLine(error);
  }
}

interface KnownPieces {
  readonly batch: readonly unknown[];
  readonly pieces: readonly Uint8Array[];
}

/** By the first event. Who watch the same are mostly sent the same in the same moment. */
const known = new WeakMap<object, KnownPieces>();

function piecesOf(batch: readonly unknown[]): Iterable<Uint8Array> {
  const [first] = batch;
  if (typeof first !== 'object' || first === null || batch.length > sharedEvents) return cutPieces(batch);
  const made = known.get(first);
  if (made !== undefined && isSame(made.batch, batch)) return made.pieces;
  const pieces = [...cutPieces(batch)];
  known.set(first, { batch, pieces });
  return pieces;
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((event, index) => event === b[index]);
}

function* cutPieces(batch: readonly unknown[]): Iterable<Uint8Array> {
  let lines: Buffer[] = [];
  let bytes = 0;
  for (const event of batch) {
    const line = eventLine(event);
    bytes += line.length;
    lines.push(line);
    if (bytes < pieceBytes) continue;
    yield joined(lines);
    [lines, bytes] = [[], 0];
  }
  if (lines.length > 0) yield joined(lines);
}

function joined(lines: readonly Buffer[]): Buffer {
  const [first, second] = lines;
  return first !== undefined && second === undefined ? first : Buffer.concat(lines);
}

function failureLine(error: unknown): string {
  if (!(error instanceof StatusError)) throw error;
  return `${JSON.stringify({ type: 'ERROR', object: error.toStatus() })}\n`;
}
