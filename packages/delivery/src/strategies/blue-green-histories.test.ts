import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { historyOf } from '../../testing/generators.ts';
import { runHistory } from '../../testing/histories.ts';

/** Half of the histories; the other strategy runs the other half beside it. */
const runs = Number(process.env['SLIPWAY_HISTORIES'] ?? 20_000) / 2;

test(`blueGreen keeps its promises through ${runs} random histories, and comes to rest after each`, () => {
  const run = (): void =>
    fc.assert(
      fc.property(historyOf('blueGreen'), (history) => {
        runHistory(history);
      }),
      { numRuns: runs },
    );
  expect(run).not.toThrow();
}, 600_000);
