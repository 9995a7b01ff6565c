import { describe, expect, it } from 'vitest';
import { splitLines } from './split-lines.ts';

async function split(...chunks: readonly (string | Uint8Array)[]): Promise<readonly string[]> {
  const bytes = chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
  return Array.fromAsync(
    splitLines(
      (async function* () {
        yield* bytes;
      })(),
    ),
  );
}

describe('splitLines', () => {
  it('puts lines together that come in parts', async () => {
    expect(await split('one\ntw', 'o\n', 'three\n')).toEqual(['one', 'two', 'three']);
  });

  it('gives out a last line without an end, and empty lines', async () => {
    expect(await split('one\n\nlast')).toEqual(['one', '', 'last']);
    expect(await split()).toEqual([]);
  });

  it('puts letters together that come in parts', async () => {
    const [first, ...rest] = Buffer.from('ü\n');
    expect(await split(Buffer.from([first ?? 0]), Buffer.from(rest))).toEqual(['ü']);
  });

  it('holds a line without end in parts, not in memory', async () => {
    const lines = await split(...Array.from({ length: 10 }, () => 'x'.repeat(100_000)));
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.join('')).toHaveLength(1_000_000);
  });
});
