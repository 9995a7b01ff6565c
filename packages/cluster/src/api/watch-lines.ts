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

/** Says what is to be waited for before more is written. */
export type WritePiece = (piece: string | Uint8Array) => Promise<void> | undefined;

/** The lines of one moment in one piece: to encrypt and send a piece takes longer than to make it. Resolves with the end. */
export async function writeWatch(
  { events, follow }: TransportBody & { readonly kind: 'watch' },
  write: WritePiece,
): Promise<void> {
  if (follow === undefined) {
    for await (const line of watchLines(events)) await write(line);
    return;
  }
  try {
    await follow((batch) => writePieces(piecesOf(batch)[Symbol.iterator](), write));
  } catch (error) {
    await write(failureLine(error));
  }
}

/** One piece is the rule, and nothing to wait for. */
function writePieces(pieces: Iterator<Uint8Array>, write: WritePiece): Promise<void> | undefined {
  for (let next = pieces.next(); next.done !== true; next = pieces.next()) {
    const waiting = write(next.value);
    if (waiting !== undefined) return waiting.then(() => writePieces(pieces, write));
  }
  return undefined;
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
