import { expect, test } from 'vitest';
import { runHistory, type Happening, type History } from '../../testing/histories.ts';

function rounds(count: number): readonly Happening[] {
  return Array.from({ length: count }, () => ({ type: 'round' }));
}

const look: Happening = { type: 'look', stopAfter: Infinity, lag: 0 };

/** Histories that broke a promise once, as short as they can be. */
test.each<[string, History]>([
  [
    'what a person aborts before it has begun is not released again',
    {
      strategy: { type: 'blueGreen' },
      routed: false,
      replicas: 1,
      happenings: [...rounds(2), { type: 'command', verb: 'abort' }, ...rounds(1)],
    },
  ],
  [
    'pods that come after the gate and before the first traffic are asked too',
    {
      strategy: { type: 'blueGreen' },
      routed: false,
      replicas: 1,
      happenings: [
        ...rounds(6),
        { type: 'replicas', count: 0 },
        ...rounds(3),
        { type: 'replicas', count: 1 },
        ...rounds(3),
      ],
    },
  ],
  [
    'a first version that is sent back in the moment in which it has succeeded serves',
    {
      strategy: { type: 'recreate' },
      routed: true,
      replicas: 1,
      happenings: [
        ...rounds(5),
        { type: 'gateway', index: 0 },
        { type: 'allUnready' },
        { type: 'look', stopAfter: 1_000, lag: 2 },
        ...rounds(2),
        { type: 'deploy', image: 'unfit' },
        { type: 'replicas', count: 0 },
        { type: 'command', verb: 'abort' },
        ...rounds(1),
        { type: 'look', stopAfter: 1, lag: 0, late: { releases: 1 } },
      ],
    },
  ],
  [
    'the drain of a pod counts from when the endpoints have followed, and not from the loss of its label',
    {
      strategy: { type: 'blueGreen' },
      routed: false,
      replicas: 2,
      happenings: [
        ...rounds(20),
        { type: 'replicas', count: 1 },
        look,
        { type: 'wait', seconds: 5 },
        { type: 'endpoints' },
        look,
        look,
        look,
        { type: 'replicaSets' },
      ],
    },
  ],
  [
    'a pod that was to go and is wanted again serves while the others drain',
    {
      strategy: { type: 'blueGreen' },
      routed: false,
      replicas: 2,
      happenings: [
        ...rounds(20),
        { type: 'replicas', count: 0 },
        ...rounds(1),
        { type: 'replicas', count: 1 },
        ...rounds(4),
      ],
    },
  ],
])('%s', (_, history) => {
  expect(() => runHistory(history)).not.toThrow();
});

test('what was aborted before it had begun, and goes on, has its attempt on record', () => {
  const { releases } = runHistory({
    strategy: { type: 'blueGreen' },
    routed: false,
    replicas: 1,
    happenings: [
      ...rounds(20),
      { type: 'deploy', image: 'b' },
      ...rounds(2),
      { type: 'command', verb: 'abort' },
      { type: 'command', verb: 'undo' },
    ],
  });
  const attempts = releases.map(({ status }) => status?.attempts?.map(({ cause, outcome }) => ({ cause, outcome })));
  expect(attempts).toEqual([[{ cause: 'deploy', outcome: 'Succeeded' }], [{ cause: 'deploy', outcome: 'Succeeded' }]]);
});
