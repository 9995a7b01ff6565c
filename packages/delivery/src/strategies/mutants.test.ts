import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { history } from '../../testing/generators.ts';
import { runHistory } from '../../testing/histories.ts';
import type { History } from '../../testing/history.ts';
import { mutants } from '../../testing/mutants.ts';
import { approvalMutants } from '../../testing/approval-mutants.ts';
import { groupMutants } from '../../testing/group-mutants.ts';
import { partitionMutants } from '../../testing/partition-mutants.ts';
import { removalMutants } from '../../testing/removal-mutants.ts';
import { sessionMutants } from '../../testing/session-mutants.ts';

/** Most are found in the first few. */
const numRuns = 1_000;

test.each([...mutants, ...partitionMutants, ...sessionMutants, ...removalMutants, ...approvalMutants, ...groupMutants])(
  'a planner that $fault is found out',
  ({ planner, breaks, example }) => {
    const property = fc.property(history, (each) => void runHistory(each, { planner }));
    const examples: Array<[History]> = example === undefined ? [] : [[example]];
    const { errorInstance } = fc.check(property, { numRuns, seed: 1, endOnFailure: true, examples });
    expect(errorInstance).toHaveProperty('message', expect.stringMatching(breaks));
  },
  240_000,
);
