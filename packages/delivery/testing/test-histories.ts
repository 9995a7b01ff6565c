import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { historyOf, strategyTypes } from './generators.ts';
import { runHistory } from './histories.ts';

/**
 * Of all strategies together. The same each time: a change is not to fail for what another one broke. `npm run simulate` runs
 * others, as many as one likes, and tells the seed; CI has it run 100,000.
 */
const total = Number(process.env['SLIPWAY_HISTORIES'] ?? 5_000);
/** Of each strategy another one: the same would tell all of them the same stories. */
const seedOf = (strategy: string): number => 1 + strategyTypes.indexOf(strategy);

/** Each strategy in a file of its own, so that they run beside each other. */
export function testHistories(strategy: string): void {
  const runs = Math.ceil(total / strategyTypes.length);
  test(`${strategy} keeps its promises through ${runs} random histories, and comes to rest after each`, () => {
    const property = fc.property(historyOf(strategy), (history) => {
      runHistory(history);
    });
    expect(() => fc.assert(property, { numRuns: runs, seed: seedOf(strategy) })).not.toThrow();
  }, 1_800_000);
}
