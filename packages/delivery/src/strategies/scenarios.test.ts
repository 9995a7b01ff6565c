import { expect, test } from 'vitest';
import { runHistory } from '../../testing/histories.ts';
import type { Happening, History } from '../../testing/history.ts';

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
    'a second pod that is ready before the first one joins is asked before any traffic comes',
    {
      strategy: { type: 'rolling' },
      routed: false,
      replicas: 3,
      hooked: false,
      serving: true,
      happenings: [
        { type: 'deploy', image: 'b' },
        { type: 'look', stopAfter: 1, lag: 0, late: { pods: 1 } },
        { type: 'look', stopAfter: 1, lag: 0 },
        { type: 'round' },
        { type: 'round' },
        { type: 'round' },
        { type: 'round' },
        { type: 'replicas', count: 4 },
        { type: 'round' },
        { type: 'look', stopAfter: 0, lag: 0 },
        { type: 'round' },
        { type: 'look', stopAfter: 1, lag: 0, late: { application: 1 } },
        { type: 'look', stopAfter: 0, lag: 0 },
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
    'requests by a preview host end before the pods go that answer them',
    {
      strategy: { type: 'rainbow', rainbow: { idleSeconds: 8 } },
      routed: true,
      replicas: 1,
      serving: true,
      happenings: [
        {
          type: 'strategy',
          strategy: {
            type: 'blueGreen',
            blueGreen: { autoPromote: false, previewReplicas: 1, previewHosts: ['preview'] },
          },
        },
        { type: 'deploy', image: 'slow' },
        { type: 'look', stopAfter: 2, lag: 0 },
        ...rounds(1),
        { type: 'look', stopAfter: 1, lag: 0, late: { application: 1 } },
        { type: 'look', stopAfter: 1, lag: 0, late: { budgets: 1 } },
        ...rounds(1),
        { type: 'deploy', image: 'broken' },
        ...rounds(3),
        { type: 'gateway', index: 0 },
        { type: 'look', stopAfter: 1, lag: 0, late: { application: 1 } },
        { type: 'ready', pod: 0 },
        { type: 'look', stopAfter: 1, lag: 0, late: { application: 1 } },
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
  [
    'a pod that was not ready may go, also where it is ready by then and the controller has not seen it',
    {
      strategy: { type: 'blueGreen' },
      routed: false,
      replicas: 1,
      serving: true,
      happenings: [
        { type: 'replicas', count: 0 },
        ...rounds(1),
        { type: 'endpoints' },
        { type: 'allUnready' },
        look,
        ...rounds(1),
        { type: 'look', stopAfter: Infinity, lag: 2 },
        { type: 'replicas', count: 1 },
        ...rounds(1),
      ],
    },
  ],
  [
    'a release that goes back while spec asks for something else is refused once, and not at every look',
    {
      strategy: { type: 'rolling' },
      routed: true,
      replicas: 1,
      serving: true,
      happenings: [
        { type: 'deploy', image: 'slow' },
        ...rounds(2),
        { type: 'replicas', count: 0 },
        ...rounds(1),
        { type: 'configure', content: 'second0000' },
        look,
        { type: 'command', verb: 'rollback' },
        { type: 'removed', kind: 'split', index: 0 },
      ],
    },
  ],
  [
    'pods that are not seen yet, and of which their ReplicaSet tells, are not taken for those that it is yet to make',
    {
      strategy: { type: 'blueGreen' },
      routed: false,
      replicas: 1,
      serving: true,
      happenings: [
        { type: 'die', pod: 0 },
        ...rounds(1),
        { type: 'replicas', count: 0 },
        { type: 'look', stopAfter: Infinity, lag: 0, late: { pods: 3 } },
        { type: 'replicas', count: 2 },
      ],
    },
  ],
  [
    'a route that opens when the first release has failed already closes again',
    {
      strategy: { type: 'recreate' },
      routed: true,
      replicas: 1,
      happenings: [
        ...rounds(5),
        { type: 'command', verb: 'abort' },
        { type: 'look', stopAfter: 1, lag: 1, broken: { part: 0, end: 'late', lives: false } },
        ...rounds(1),
      ],
    },
  ],
  [
    'rolling to fewer pods leaves one in the Service where the one that was to stay is not ready for a moment',
    {
      strategy: { type: 'rolling', rolling: { maxSurge: 2, maxUnavailable: '50%' } },
      routed: false,
      replicas: 4,
      serving: true,
      happenings: [
        { type: 'replicas', count: 1 },
        { type: 'deploy', image: 'c' },
        ...rounds(1),
        look,
        ...rounds(1),
        { type: 'unready', pod: 3 },
        look,
      ],
    },
  ],
  [
    'rolling keeps those inside where the route leads to the candidate alone, because nobody knew of stable meanwhile',
    {
      strategy: { type: 'rolling' },
      routed: true,
      replicas: 2,
      serving: true,
      happenings: [
        { type: 'deploy', image: 'c' },
        ...rounds(2),
        { type: 'wait', seconds: 31 },
        { type: 'removed', kind: 'release', index: 0 },
        { type: 'look', stopAfter: 3, lag: 0, broken: { part: 27, end: 'lost', lives: true } },
        ...rounds(1),
        { type: 'command', verb: 'promote' },
        ...rounds(1),
        { type: 'pause', paused: true },
        ...rounds(1),
        { type: 'wait', seconds: 31 },
      ],
    },
  ],
  [
    'what is aborted before its strategy changes may begin again by the new one',
    {
      strategy: { type: 'rainbow', rainbow: { idleSeconds: 8 } },
      routed: true,
      replicas: 1,
      happenings: [
        ...rounds(2),
        { type: 'command', verb: 'abort' },
        { type: 'look', stopAfter: 1, lag: 0 },
        { type: 'strategy', strategy: { type: 'blueGreen' } },
        ...rounds(3),
      ],
    },
  ],
  [
    'rolling to fewer pods takes none from a gateway that has not confirmed the split',
    {
      strategy: { type: 'rolling', rolling: { maxSurge: 2, maxUnavailable: '50%' } },
      routed: true,
      replicas: 1,
      serving: true,
      happenings: [
        { type: 'replicas', count: 2 },
        { type: 'deploy', image: 'broken' },
        ...rounds(1),
        { type: 'look', stopAfter: 2, lag: 0 },
        look,
        { type: 'look', stopAfter: 1, lag: 0 },
        { type: 'command', verb: 'promote' },
        ...rounds(2),
        { type: 'replicas', count: 1 },
        look,
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
