import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advance,
  decodePositions,
  encodePositions,
  maximumPositionLength,
  parseLine,
  containerKey,
  sinceTimeOf,
} from './pod-log-position.ts';

describe('how far logs were sent', () => {
  it('comes back as it went', () => {
    const entry = fc.tuple(
      fc.string().map(containerKey),
      fc.record({ run: fc.nat(), at: fc.bigInt({ min: 0n, max: 2n ** 63n }), count: fc.nat({ max: 65_535 }) }),
    );
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 50 }), (entries) => {
        const positions = new Map(entries);
        expect(decodePositions(encodePositions(positions))).toEqual(positions);
      }),
    );
  });

  it('is bounded, and keeps the newest', () => {
    const positions = new Map(
      Array.from({ length: 1_000 }, (_, index) => [
        containerKey(String(index)),
        { run: 0, at: BigInt(index), count: 1 },
      ]),
    );
    const text = encodePositions(positions);
    expect(text.length).toBeLessThanOrEqual(maximumPositionLength);
    expect(decodePositions(text)?.has(containerKey('999'))).toBe(true);
  });

  it('is nothing else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const positions = decodePositions(text);
        expect(positions === undefined || encodePositions(positions).length === text.length || positions.size < 2).toBe(
          true,
        );
      }),
    );
  });

  it('counts the lines of one moment', () => {
    const first = advance(undefined, 0, 5n);
    expect([first, advance(first, 0, 5n), advance(first, 0, 6n), advance(first, 1, 5n)]).toEqual([
      { run: 0, at: 5n, count: 1 },
      { run: 0, at: 5n, count: 2 },
      { run: 0, at: 6n, count: 1 },
      { run: 1, at: 5n, count: 1 },
    ]);
  });
});

describe('a line with its time', () => {
  it.each([
    ['of nanoseconds', '2026-01-01T00:00:00.000000001Z hello', 1n, 'hello'],
    ['of whole seconds', '2026-01-01T00:00:01Z hello', 1_000_000_000n, 'hello'],
    ['of another zone', '2026-01-01T01:00:00.5+01:00 a  b', 500_000_000n, 'a  b'],
    ['without a text', '2026-01-01T00:00:00Z', 0n, ''],
  ])('%s', (_, line, after, text) => {
    const start = BigInt(Date.parse('2026-01-01T00:00:00Z')) * 1_000_000n;
    expect(parseLine(line)).toMatchObject({ at: start + after, text });
  });

  it('is told from the rest of a long line', () => {
    expect(parseLine('the rest')).toBeUndefined();
  });

  it('is asked for again from its second on', () => {
    const at = parseLine('2026-01-01T00:00:01.9Z x')?.at ?? 0n;
    expect(sinceTimeOf({ run: 0, at, count: 1 })).toBe('2026-01-01T00:00:01Z');
  });
});
