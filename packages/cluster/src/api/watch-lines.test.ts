import { describe, expect, it } from 'vitest';
import { StatusError } from '@slipway/kube/status-error';
import type { SendBatch } from '@slipway/kube/transport';
import { watchLines, writeWatch } from './watch-lines.ts';

const events = ['a', 'b', 'c'].map((name) => ({ type: 'ADDED', object: { metadata: { name } } }));
const line = (event: unknown): string => `${JSON.stringify(event)}\n`;

async function* thenExpired<T>(given: readonly T[]): AsyncIterable<T> {
  yield* given;
  throw new StatusError('Expired', 'too old');
}

/** What is written of a watch of these batches, to somebody for whom each piece has to be waited for. */
async function written(batches: readonly (readonly object[])[]): Promise<readonly (string | Uint8Array)[]> {
  const pieces: (string | Uint8Array)[] = [];
  const follow = async (send: SendBatch): Promise<void> => {
    for (const batch of batches) await send(batch);
    throw new StatusError('Expired', 'too old');
  };
  await writeWatch({ kind: 'watch', events: thenExpired([]), follow }, async (piece) => {
    await Promise.resolve();
    pieces.push(piece);
  });
  return pieces;
}

async function read(pieces: AsyncIterable<string | Uint8Array>): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const piece of pieces) texts.push(Buffer.from(piece).toString());
  return texts;
}

const failure = expect.stringMatching(/^\{"type":"ERROR","object":\{.*"reason":"Expired".*\}\}\n$/);

describe('a watch as text', () => {
  it('is a line an event, and the last one says why it ends', async () => {
    expect(await read(watchLines(thenExpired(events)))).toEqual([...events.map(line), failure]);
  });

  it('leaves in pieces of what has happened together', async () => {
    const pieces = await written([events.slice(0, 2), events.slice(2)]);
    expect(pieces.map(String)).toEqual([events.slice(0, 2).map(line).join(''), ...events.slice(2).map(line), failure]);
  });

  it('leaves in several pieces where much has happened together', async () => {
    const large = Array.from({ length: 10 }, (_, index) => ({
      type: 'ADDED',
      object: { index, text: 'x'.repeat(100_000) },
    }));
    const pieces = (await written([large])).map(String);
    expect(pieces.map((piece) => piece.split('\n').length - 1)).toEqual([3, 3, 3, 1, 1]);
    expect(pieces.slice(0, -1).join('')).toBe(large.map(line).join(''));
  });

  it('is made once for all who are told the same together', async () => {
    const [first] = await written([[...events]]);
    const [same] = await written([[...events]]);
    const [shorter] = await written([events.slice(0, 2)]);
    expect(same).toBe(first);
    expect(String(shorter)).toBe(events.slice(0, 2).map(line).join(''));
  });

  it('leaves line by line where nothing is known to have happened together', async () => {
    const pieces: unknown[] = [];
    await writeWatch({ kind: 'watch', events: thenExpired(events) }, (piece) => void pieces.push(piece));
    expect(pieces).toEqual([...events.map(line), failure]);
  });
});
