import { expect, test } from 'vitest';
import { runHistory } from '../../testing/histories.ts';
import type { Happening, History } from '../../testing/history.ts';
import { rounds } from '../../testing/mutants.ts';

const both: readonly Happening[] = [
  { type: 'deploy', image: 'b' },
  { type: 'deploy', image: 'b', of: 1 },
];

const shared: Omit<History, 'happenings'> = {
  strategy: { type: 'canary', canary: { steps: [{ setWeight: 50 }, { pause: { seconds: 30 } }], approximate: true } },
  routed: true,
  replicas: 2,
  serving: true,
  group: { members: 3, by: 'group', together: true },
};

/** Orders that change in the middle of releases. */
test.each<[string, readonly Happening[]]>([
  [
    'a member that comes in the middle is waited for, and one that goes is not any more',
    [
      { type: 'regroup', group: 0, order: { members: [0, 1], together: true } },
      ...both,
      ...rounds(4),
      { type: 'deploy', image: 'b', of: 2 },
      { type: 'regroup', group: 0, order: { members: [2, 0, 1], together: true } },
      ...rounds(6),
      { type: 'regroup', group: 0, order: { members: [2, 1], together: true } },
      ...rounds(20),
    ],
  ],
  [
    'an abort goes back in the order in which the members stand by then',
    [
      ...both,
      ...rounds(20),
      { type: 'regroup', group: 0, order: { members: [1, 0], together: true } },
      { type: 'command', verb: 'abort' },
      ...rounds(20),
    ],
  ],
  [
    'a group that is deleted lets its members go on alone, and binds them again when it is made anew',
    [
      ...both,
      ...rounds(3),
      { type: 'regroup', group: 0, order: null },
      ...rounds(12),
      { type: 'regroup', group: 0, order: { members: [1, 2, 0], together: true } },
      { type: 'deploy', image: 'c', of: 2 },
      ...rounds(20),
    ],
  ],
  [
    'a circle that closes in the middle begins nothing new, and what was taken back before opens it',
    [
      ...both,
      ...rounds(3),
      { type: 'depend', on: [1] },
      { type: 'deploy', image: 'c', of: 1 },
      ...rounds(12),
      { type: 'command', verb: 'abort' },
      ...rounds(12),
      { type: 'depend', on: [] },
      ...rounds(20),
    ],
  ],
  [
    'a circle that nobody opens leaves what serves as it is, and says what it waits for',
    [{ type: 'regroup', group: 1, order: { members: [1, 0], together: true } }, ...rounds(1), ...both, ...rounds(12)],
  ],
])('%s', (_, happenings) => {
  expect(() => runHistory({ ...shared, happenings })).not.toThrow();
});
