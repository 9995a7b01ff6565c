import { describe, expect, test } from 'vitest';
import { look, rounds } from '../../testing/mutants.ts';
import type { Happening, History } from '../../testing/history.ts';
import { runReckless, type RecklessHistory, type Wish } from '../../testing/reckless.ts';
import { admissionGates } from './admission.ts';
import { interlock } from './interlock.ts';

/** A version serves, and all traffic is to be given to the one beside it, which has none. */
const all: Wish = { type: 'split', version: 0, amount: 0, weights: [0, 100] };

interface Story extends Omit<Partial<History>, 'strategy'>, Pick<History, 'strategy'> {
  readonly steps?: RecklessHistory['steps'];
}

function recklessly({ happenings = [], steps = [[all]], ...others }: Story): RecklessHistory {
  const history = { routed: true, replicas: 1, serving: true, ...others } as const;
  return { history: { ...history, happenings: [{ type: 'deploy', image: 'b' }, ...happenings] }, steps };
}

function looks(count: number): readonly Happening[] {
  return Array.from({ length: count }, () => look);
}

const byBlueGreen = { strategy: { type: 'blueGreen' } } as const;

/** A pod of it is there, which nobody has asked for its health after the first attempt went back. */
const triedAgain: readonly Happening[] = [
  ...rounds(6),
  { type: 'command', verb: 'abort' },
  ...looks(2),
  { type: 'job', index: 0, end: 'Complete' },
  ...looks(2),
  { type: 'command', verb: 'retry' },
  ...looks(2),
];

/** It had all of the traffic, was sent back, and has ended. */
const guardedOnce: readonly Happening[] = [...rounds(10), { type: 'command', verb: 'abort' }, ...rounds(16)];

const stories: ReadonlyArray<readonly [story: string, gate: string, history: RecklessHistory]> = [
  [
    'its pods have not been asked for their health',
    'health',
    recklessly({
      ...byBlueGreen,
      happenings: [...rounds(4), { type: 'replicaSets' }, { type: 'ready', pod: 1 }, { type: 'endpoints' }],
    }),
  ],
  [
    'the Job before its release is asked for once more',
    'hooks before the release',
    recklessly({
      strategy: { type: 'canary', canary: { steps: [{ setWeight: 50 }] } },
      hooked: true,
      unasked: true,
      happenings: triedAgain,
      steps: [[{ ...all, type: 'scale', version: 1, amount: 1 }], [all]],
    }),
  ],
  [
    'a pause for a person comes before its first share',
    'steps',
    recklessly({
      strategy: { type: 'canary', canary: { steps: [{ pause: {} }, { setWeight: 50 }] } },
      happenings: rounds(9),
    }),
  ],
  [
    'a check of a metric comes before its first share',
    'steps',
    recklessly({
      strategy: { type: 'canary', canary: { steps: [{ check: 'errors' }, { setWeight: 50 }] } },
      happenings: rounds(7),
    }),
  ],
  [
    'a person is to promote it',
    'steps',
    recklessly({ strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } }, happenings: rounds(9) }),
  ],
  [
    'the time of its promotion has not come',
    'steps',
    recklessly({ strategy: { type: 'blueGreen', blueGreen: { promoteAfterSeconds: 60 } }, happenings: rounds(9) }),
  ],
  [
    'somebody has to approve of its promotion',
    'hooks before the promotion',
    recklessly({
      ...byBlueGreen,
      approved: true,
      happenings: [...rounds(3), { type: 'approve', release: 0, hook: 'agree' }, ...rounds(6)],
    }),
  ],
  [
    'the webhook before its promotion has not taken the call',
    'hooks before the promotion',
    recklessly({ ...byBlueGreen, hooked: true, happenings: [{ type: 'webhook', answers: 'error' }, ...rounds(8)] }),
  ],
  [
    'the Job before its promotion runs',
    'hooks before the promotion',
    recklessly({ ...byBlueGreen, hooked: true, happenings: [...rounds(7), ...looks(3)] }),
  ],
  [
    'it goes back, though every gate had passed',
    'that it does not go back',
    recklessly({
      ...byBlueGreen,
      happenings: [
        ...rounds(5),
        { type: 'look', stopAfter: 1, lag: 0 },
        { type: 'command', verb: 'abort' },
        ...looks(1),
      ],
    }),
  ],
  [
    'it went back after its guard, and every gate had passed',
    'that it does not go back',
    recklessly({
      ...byBlueGreen,
      happenings: guardedOnce,
      steps: [[{ ...all, type: 'scale', version: 1, amount: 1 }], [all]],
    }),
  ],
];

describe('a planner that gives all traffic to a new version', () => {
  test.each(stories)('is refused where %s', (_, gate, story) => {
    expect(() => runReckless(story, interlock)).not.toThrow();
    const gates = admissionGates.filter(({ name }) => name !== gate);
    expect(gates).toHaveLength(admissionGates.length - 1);
    expect(() => runReckless(story, { ...interlock, gates })).toThrow(/^gates: shop-2 gets its first traffic without/);
  });
});
