import { expect, test } from 'vitest';
import { runHistory } from '../../testing/histories.ts';
import type { Happening, History } from '../../testing/history.ts';

function rounds(count: number): readonly Happening[] {
  return Array.from({ length: count }, () => ({ type: 'round' }));
}

const nothing: Happening = { type: 'look', stopAfter: 0, lag: 0 };

/** Histories in which somebody deletes objects behind the back of the controller, each of which broke a promise once. */
test.each<[string, History]>([
  [
    'a route stays open to a version whose record is gone, also where the one that was to follow it has failed',
    {
      strategy: { type: 'rainbow', rainbow: { idleSeconds: 8 } },
      routed: true,
      replicas: 1,
      serving: true,
      happenings: [
        { type: 'deploy', image: 'broken' },
        { type: 'removed', kind: 'release', index: 0 },
      ],
    },
  ],
  [
    'a ReplicaSet that is deleted while a first version joins is made again',
    {
      strategy: { type: 'recreate' },
      routed: false,
      replicas: 1,
      happenings: [
        ...rounds(1),
        { type: 'look', stopAfter: 2, lag: 0 },
        { type: 'look', stopAfter: 1, lag: 0 },
        { type: 'look', stopAfter: 1, lag: 0, late: { commands: 1 } },
        ...rounds(3),
        { type: 'removed', kind: 'replicaSet', index: 0 },
      ],
    },
  ],
  [
    'a ReplicaSet that is deleted while a promoted first version joins is made again',
    {
      strategy: { type: 'blueGreen' },
      routed: false,
      replicas: 1,
      hooked: false,
      serving: false,
      happenings: [
        { type: 'round' },
        { type: 'look', stopAfter: 1000, lag: 0, late: { slice: 1 } },
        { type: 'command', verb: 'promote' },
        { type: 'round' },
        { type: 'round' },
        { type: 'round' },
        { type: 'look', stopAfter: 1, lag: 0, late: { application: 1 } },
        { type: 'gateway', index: 0 },
        { type: 'removed', kind: 'replicaSet', index: 0 },
        { type: 'deploy', image: 'a' },
        { type: 'look', stopAfter: 1, lag: 0, late: { application: 1 } },
      ],
    },
  ],
  [
    'a ReplicaSet that is deleted while a promoted first version with sessions joins is made again',
    {
      strategy: { type: 'rainbow', rainbow: { idleSeconds: 8 } },
      routed: true,
      replicas: 1,
      serving: false,
      happenings: [
        { type: 'round' },
        { type: 'round' },
        { type: 'look', stopAfter: 2, lag: 0, broken: { part: 0, end: 'lost', lives: false } },
        { type: 'command', verb: 'promote' },
        { type: 'look', stopAfter: 2, lag: 1 },
        { type: 'round' },
        { type: 'removed', kind: 'replicaSet', index: 0 },
        { type: 'look', stopAfter: 0, lag: 0 },
        { type: 'strategy', strategy: { type: 'blueGreen' } },
        { type: 'clock', seconds: -30 },
        { type: 'round' },
        { type: 'deploy', image: 'a' },
      ],
    },
  ],
  [
    'a release that waits for pods of a version whose record is gone looks again when that counts as lost',
    {
      strategy: { type: 'recreate' },
      routed: false,
      replicas: 1,
      hooked: false,
      serving: true,
      happenings: [
        { type: 'deploy', image: 'b' },
        { type: 'round' },
        { type: 'round' },
        { type: 'removed', kind: 'replicaSet', index: 0 },
        { type: 'round' },
        { type: 'look', stopAfter: 1, lag: 0, late: { copies: 1 } },
        { type: 'ready', pod: 0 },
        { type: 'replicas', count: 1 },
        { type: 'look', stopAfter: 1, lag: 2 },
        { type: 'pause', paused: false },
        { type: 'removed', kind: 'release', index: 3 },
        { type: 'round' },
        { type: 'replicas', count: 1 },
      ],
    },
  ],
  [
    'a version of strategy recreate does not start while one without a record has no pod for a moment',
    {
      strategy: { type: 'recreate' },
      routed: false,
      replicas: 1,
      hooked: false,
      serving: true,
      happenings: [
        { type: 'deploy', image: 'b' },
        ...rounds(3),
        { type: 'deploy', image: 'a' },
        { type: 'removed', kind: 'release', index: 0 },
        nothing,
        { type: 'evict', pod: 0 },
        { type: 'replicaSets' },
        { type: 'die', pod: 0 },
        { type: 'look', stopAfter: 2, lag: 0 },
      ],
    },
  ],
  [
    'a version of strategy recreate does not start where a copy is behind that does not show the other one made again',
    {
      strategy: { type: 'rainbow', rainbow: { idleSeconds: 8 } },
      routed: true,
      replicas: 1,
      approved: false,
      serving: true,
      happenings: [
        { type: 'deploy', image: 'c' },
        { type: 'strategy', strategy: { type: 'recreate' } },
        ...rounds(2),
        { type: 'removed', kind: 'replicaSet', index: 0 },
        ...rounds(1),
        { type: 'look', stopAfter: 1_000, lag: 0, late: { gateways: 1 } },
        { type: 'look', stopAfter: 1, lag: 0, late: { replicaSets: 1 } },
        { type: 'wait', seconds: 1 },
        { type: 'replicaSets' },
        { type: 'ready', pod: 0 },
        { type: 'replicaSets' },
        ...rounds(1),
      ],
    },
  ],
  [
    'sessions stay while nobody knows which version is stable',
    {
      strategy: { type: 'rainbow', rainbow: { idleSeconds: 8 } },
      routed: true,
      replicas: 1,
      happenings: [
        ...rounds(4),
        { type: 'wait', seconds: 31 },
        ...rounds(2),
        { type: 'wait', seconds: 31 },
        { type: 'removed', kind: 'release', index: 0 },
        nothing,
        { type: 'look', stopAfter: 1, lag: 0 },
        nothing,
      ],
    },
  ],
  [
    'a release that waits for its turn says so, also where the split has to be written again',
    {
      strategy: { type: 'blueGreen' },
      routed: true,
      replicas: 1,
      happenings: [
        ...rounds(1),
        { type: 'look', stopAfter: Infinity, lag: 0, late: { copies: 1 } },
        ...rounds(1),
        { type: 'look', stopAfter: 1, lag: 0 },
        ...rounds(1),
        { type: 'configure', content: 'second0000' },
        ...rounds(3),
        { type: 'removed', kind: 'split', index: 0 },
      ],
    },
  ],
  [
    'a route that is deleted leads to stable again at once, also where stable has fewer pods than are asked for',
    {
      strategy: { type: 'blueGreen' },
      routed: true,
      replicas: 1,
      serving: true,
      happenings: [
        { type: 'deploy', image: 'c' },
        { type: 'look', stopAfter: Infinity, lag: 0 },
        { type: 'look', stopAfter: 2, lag: 0 },
        { type: 'replicas', count: 3 },
        { type: 'removed', kind: 'split', index: 0 },
      ],
    },
  ],
  [
    'stable comes back to those inside the cluster without waiting for a gateway that does not follow',
    {
      strategy: { type: 'blueGreen' },
      routed: true,
      replicas: 1,
      serving: true,
      happenings: [
        { type: 'deploy', image: 'b' },
        ...rounds(3),
        { type: 'gatewaySticks', index: 1 },
        { type: 'removed', kind: 'split', index: 0 },
        { type: 'replicas', count: 0 },
        ...rounds(2),
        { type: 'replicas', count: 4 },
        { type: 'deploy', image: 'a' },
        ...rounds(2),
      ],
    },
  ],
  [
    'a route that is deleted while nothing is to run opens again when more is to run than before',
    {
      strategy: { type: 'blueGreen' },
      routed: true,
      replicas: 1,
      serving: true,
      happenings: [
        { type: 'replicas', count: 0 },
        { type: 'look', stopAfter: Infinity, lag: 0 },
        { type: 'replicas', count: 4 },
        { type: 'removed', kind: 'split', index: 0 },
      ],
    },
  ],
  [
    'a route and a ReplicaSet that are deleted before a release begins are made again, and stable grows',
    {
      strategy: { type: 'canary', canary: { steps: [{ setWeight: 20 }, { pause: {} }], approximate: true } },
      routed: true,
      replicas: 1,
      serving: true,
      happenings: [
        { type: 'deploy', image: 'b' },
        { type: 'removed', kind: 'replicaSet', index: 0 },
        { type: 'removed', kind: 'split', index: 0 },
        ...rounds(1),
        { type: 'look', stopAfter: 2, lag: 0 },
        { type: 'replicas', count: 3 },
      ],
    },
  ],
  [
    'a release that goes back leaves the route to a version whose record is gone, and ends',
    {
      strategy: { type: 'rainbow', rainbow: { idleSeconds: 8 } },
      routed: true,
      replicas: 1,
      serving: true,
      happenings: [
        { type: 'configure', content: 'second0000' },
        ...rounds(2),
        { type: 'look', stopAfter: 1, lag: 0 },
        ...rounds(1),
        { type: 'command', verb: 'rollback' },
        { type: 'removed', kind: 'release', index: 0 },
        ...rounds(1),
        { type: 'evict', pod: 0 },
      ],
    },
  ],
  [
    'a version that serves is not taken for one that begins where its record is written again by another strategy',
    {
      strategy: { type: 'rainbow', rainbow: { idleSeconds: 8 } },
      routed: true,
      replicas: 1,
      serving: true,
      happenings: [
        { type: 'deploy', image: 'b' },
        { type: 'removed', kind: 'release', index: 0 },
        { type: 'look', stopAfter: 2, lag: 0 },
        { type: 'look', stopAfter: 1_000, lag: 0 },
        ...rounds(2),
        { type: 'deploy', image: 'a' },
        { type: 'strategy', strategy: { type: 'recreate' } },
        ...rounds(2),
      ],
    },
  ],
  [
    'what is refused leaves where the record of the version that serves is gone, and only its configuration differs',
    {
      strategy: { type: 'rainbow', rainbow: { idleSeconds: 8 } },
      routed: true,
      replicas: 1,
      serving: true,
      happenings: [
        { type: 'configure', content: 'second0000' },
        ...rounds(4),
        { type: 'look', stopAfter: 1_000, lag: 0 },
        ...rounds(1),
        { type: 'command', verb: 'abort' },
        { type: 'removed', kind: 'release', index: 0 },
      ],
    },
  ],
  [
    'a release says what it waits for from the first moment of each phase on',
    { strategy: { type: 'blueGreen' }, routed: false, replicas: 1, happenings: [nothing] },
  ],
])('%s', (_, history) => {
  expect(() => runHistory(history)).not.toThrow();
});
