/** What `npm run simulate` prints of a history that breaks a promise is short, and breaks it again. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { history } from '../../testing/generators.ts';
import { runHistory } from '../../testing/histories.ts';
import { mutants } from '../../testing/mutants.ts';

const seed = 1;
const mostHistories = 1_000;
/** Of up to 36. */
const mostHappenings = 12;

test.each(['splits by half', 'takes every pod for healthy', 'deletes what serves', 'says no reason'])(
  'a planner that %s is shown by a short history, and by the same one when that is read from a file',
  (fault) => {
    const planner = mutants.find((each) => each.fault === fault)?.planner;
    const found = fc.check(
      fc.property(history, (each) => void runHistory(each, { planner })),
      { numRuns: mostHistories, seed },
    );
    const [shrunk] = found.counterexample ?? [];
    expect(shrunk?.happenings.length).toBeLessThanOrEqual(mostHappenings);
    const replayed: typeof shrunk = JSON.parse(JSON.stringify(shrunk));
    const message = found.errorInstance instanceof Error ? found.errorInstance.message : '';
    expect(message).not.toBe('');
    expect(() => replayed && runHistory(replayed, { planner })).toThrow(message);
    // Nothing is wrong with the history.
    expect(() => replayed && runHistory(replayed)).not.toThrow();
  },
  240_000,
);
