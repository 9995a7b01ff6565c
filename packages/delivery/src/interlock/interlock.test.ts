import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recklessHistory, runReckless, type RecklessHistory, type Wish } from '../../testing/reckless.ts';
import type { Happening } from '../../testing/history.ts';
import type { ActionType } from '../plan.ts';
import { interlock, type Interlock } from './interlock.ts';
import { rules } from './rules.ts';

const runs = 4_000;
/** The same histories each time: what others break is found by `npm run simulate`, and tried here from then on. */
const seed = 1;

function rounds(count: number): readonly Happening[] {
  return Array.from({ length: count }, () => ({ type: 'round' }));
}

function wish(type: Wish['type'], amount: number): Wish {
  return { type, version: 1, amount, weights: [100, 0] };
}

const endpointsBehind: RecklessHistory = {
  history: {
    strategy: { type: 'blueGreen' },
    routed: false,
    replicas: 1,
    happenings: [...rounds(5), { type: 'allUnready' }, { type: 'endpoints' }, { type: 'ready', pod: 0 }],
  },
  steps: [[{ ...wish('leave', 1), version: 0 }]],
};

/** A pod that has left and is marked to go is asked to serve again behind the back of the ReplicaSet controller. */
const unmarked: RecklessHistory = {
  history: {
    strategy: { type: 'blueGreen' },
    routed: false,
    replicas: 2,
    happenings: [...rounds(12), { type: 'replicas', count: 1 }],
  },
  steps: [[wish('leave', 1)], [wish('mark', 1)], [wish('scale', 1), wish('join', 1)]],
};

/** All weight is given to a candidate that was promoted a moment ago, and in the same step its pods are to leave. */
const deserted: RecklessHistory = {
  history: {
    strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } },
    routed: true,
    replicas: 1,
    happenings: [
      ...rounds(12),
      { type: 'deploy', image: 'b' },
      ...rounds(8),
      { type: 'command', verb: 'promote' },
      { type: 'look', stopAfter: 1, lag: 0 },
    ],
  },
  steps: [[{ type: 'split', version: 0, amount: 0, weights: [0, 100] }, wish('leave', 1)]],
};

/** The other way round: its pods leave, and in the same step it is given all weight. */
const emptied: RecklessHistory = {
  ...deserted,
  steps: [[wish('leave', 1), { type: 'split', version: 0, amount: 0, weights: [0, 100] }]],
};

/** The record of the version that serves is deleted by hand, and the route to it is to be closed. */
const unrecorded: RecklessHistory = {
  history: {
    strategy: { type: 'blueGreen' },
    routed: true,
    replicas: 1,
    happenings: [
      ...rounds(6),
      { type: 'removed', kind: 'release', index: 0 },
      { type: 'round' },
      { type: 'look', stopAfter: 2, lag: 0 },
    ],
  },
  steps: [[{ ...wish('close', 0), version: 0 }], [{ ...wish('scale', 0), version: 0 }]],
};

/** A version that serves, and whose ReplicaSet has a pod more to make, is to be deleted. */
const unmade: RecklessHistory = {
  history: {
    strategy: { type: 'blueGreen' },
    routed: false,
    replicas: 1,
    happenings: [...rounds(5), { type: 'command', verb: 'rollback' }, ...rounds(3)],
  },
  steps: [[wish('join', 1)], [wish('scale', 2), wish('delete', 1)]],
};

/** A version that has left is to join again, and in the same step its objects are to be deleted. */
const rejoined: RecklessHistory = {
  history: {
    strategy: { type: 'blueGreen' },
    routed: false,
    replicas: 1,
    hooked: true,
    serving: false,
    happenings: [
      ...rounds(5),
      { type: 'deploy', image: 'b' },
      ...rounds(3),
      { type: 'look', stopAfter: 1_000, lag: 0, late: { slice: 1 } },
      { type: 'round' },
      { type: 'wait', seconds: 1 },
      { type: 'look', stopAfter: 0, lag: 0 },
      { type: 'wait', seconds: 1 },
      { type: 'gateway', index: 0 },
      { type: 'wait', seconds: 1 },
    ],
  },
  steps: [
    [
      { ...wish('join', 1), version: 0 },
      { ...wish('delete', 1), version: 0 },
    ],
    [
      { ...wish('scale', 0), version: 0 },
      { ...wish('scale', 0), version: 0 },
    ],
  ],
};

/** What breaks where a rule is missing or a write is not remembered, and random histories seldom show. */
const told: Array<[RecklessHistory]> = [[unmarked], [deserted], [emptied], [rejoined]];

function isBroken(by: Interlock): boolean {
  const property = fc.property(recklessHistory, (history) => runReckless(history, by));
  return fc.check(property, { numRuns: runs, seed, endOnFailure: true, examples: told }).failed;
}

describe('the interlock, before a planner that wants anything at any time', () => {
  test('keeps the world whole', () => {
    const run = (): void =>
      fc.assert(
        fc.property(recklessHistory, (history) => runReckless(history, interlock)),
        {
          numRuns: runs,
          seed,
          examples: [[endpointsBehind], ...told, [unmade], [unrecorded]],
        },
      );
    expect(run).not.toThrow();
  }, 240_000);

  test.each(rules.map((rule) => [rule.name, rule] as const))(
    'does not without the rule "%s"',
    (_, broken) => {
      expect(isBroken({ ...interlock, rules: rules.filter((rule) => rule !== broken) })).toBe(true);
    },
    240_000,
  );

  // After a `scale` the API server too refuses what was decided on the larger ReplicaSet.
  test.each<ActionType>(['setSplit', 'setServing'])(
    'does not where a %s leaves the world as it was',
    (forgotten) => {
      const worldAfter: Interlock['worldAfter'] = (world, action) =>
        action.type === forgotten ? world : interlock.worldAfter(world, action);
      expect(isBroken({ ...interlock, worldAfter })).toBe(true);
    },
    240_000,
  );
});
