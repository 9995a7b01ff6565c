import { expect, test } from 'vitest';
import { mergeLines } from './merge-lines.ts';

const line = (second: string, text: string) => ({ at: `2026-01-01T00:00:${second}Z`, text });

test('lines of several pods stand by their times, whichever pod was read first', () => {
  const there = [line('01', 'a 1'), line('03', 'a 2'), line('03.5', 'a 3')];
  const come = [line('02', 'b 1'), line('03', 'b 2'), line('04', 'b 3')];
  expect(mergeLines(there, come, 5).map(({ text }) => text)).toEqual(['b 1', 'a 2', 'b 2', 'a 3', 'b 3']);
});
