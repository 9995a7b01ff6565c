import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { historyOf } from '../../testing/generators.ts';
import { runHistory } from '../../testing/histories.ts';

/** The same histories each time; `npm run simulate` runs others, as many as one likes. */
const runs = Number(process.env['SLIPWAY_HISTORIES'] ?? 2_000) / 2;

test(`blueGreen keeps its promises through ${runs} random histories, and comes to rest after each`, () => {
  const run = (): void =>
    fc.assert(
      fc.property(historyOf('blueGreen'), (history) => {
        runHistory(history);
      }),
      { numRuns: runs, seed: 1 },
    );
  expect(run).not.toThrow();
}, 600_000);
