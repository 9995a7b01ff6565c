import { expect, test } from 'vitest';
import { runHistory } from '../../testing/histories.ts';
import type { History } from '../../testing/history.ts';
import { rounds } from '../../testing/mutants.ts';

/** Histories in which a controller sees old news, each of which broke a promise once. */
test.each<[string, History]>([
  [
    'a pod keeps the mark that it is to go where its ReplicaSet has become smaller unseen',
    {
      strategy: { type: 'canary', canary: { steps: [{ setWeight: 20 }], approximate: true } },
      routed: false,
      replicas: 4,
      serving: true,
      happenings: [
        { type: 'replicas', count: 1 },
        { type: 'look', stopAfter: Infinity, lag: 0 },
        { type: 'allUnready' },
        { type: 'endpoints' },
        { type: 'look', stopAfter: 1, lag: 0 },
        ...rounds(2),
        { type: 'unready', pod: 3 },
        ...rounds(1),
        { type: 'look', stopAfter: 2, lag: 2 },
        { type: 'replicas', count: 1 },
        ...rounds(1),
        { type: 'replicaSets' },
        { type: 'replicaSets' },
      ],
    },
  ],
  [
    'a route that was deleted leads to pods that serve inside, also of a version that goes back',
    {
      strategy: { type: 'rolling', rolling: { maxSurge: 2, maxUnavailable: '50%' } },
      routed: true,
      replicas: 2,
      serving: true,
      happenings: [
        { type: 'deploy', image: 'b' },
        { type: 'look', stopAfter: 2, lag: 0, broken: { part: 9, end: 'late', lives: false } },
        ...rounds(1),
        { type: 'look', stopAfter: Infinity, lag: 0, late: { jobs: 3, gateways: 3, copies: 1 } },
        ...rounds(2),
        { type: 'die', pod: 5 },
        { type: 'look', stopAfter: Infinity, lag: 1 },
        { type: 'deploy', image: 'broken' },
        { type: 'removed', kind: 'replicaSet', index: 2 },
        { type: 'command', verb: 'pause' },
        { type: 'removed', kind: 'split', index: 1 },
      ],
    },
  ],
  [
    'an Application that is deleted is not let go with a release that was made unseen',
    {
      strategy: { type: 'blueGreen' },
      routed: true,
      replicas: 1,
      happenings: [
        { type: 'look', stopAfter: 2, lag: 0 },
        { type: 'delete', foreground: false },
        { type: 'ready', pod: 0 },
        { type: 'look', stopAfter: Infinity, lag: 2 },
        { type: 'look', stopAfter: 2, lag: 1 },
      ],
    },
  ],
])('%s', (_, history) => {
  expect(() => runHistory(history)).not.toThrow();
});
