import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { historyOf, strategyTypes } from './generators.ts';
import { runHistory } from './histories.ts';

/** Of all strategies together. The same each time; `npm run simulate` runs others, as many as one likes. */
const total = Number(process.env['SLIPWAY_HISTORIES'] ?? 25_000);
const seed = 1;

/** Each strategy in a file of its own, so that they run beside each other. */
export function testHistories(strategy: string): void {
  const runs = Math.ceil(total / strategyTypes.length);
  test(`${strategy} keeps its promises through ${runs} random histories, and comes to rest after each`, () => {
    const property = fc.property(historyOf(strategy), (history) => {
      runHistory(history);
    });
    expect(() => fc.assert(property, { numRuns: runs, seed })).not.toThrow();
  }, 600_000);
}
