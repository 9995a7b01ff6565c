import type { Pod } from '@slipway/kube/api.generated';
import { describe, expect, test } from 'vitest';
import { release as makeRelease } from '../../testing/records.ts';
import { annotations, labels } from '../names.ts';
import type { VersionView } from '../observation.ts';
import type { Action } from '../plan.ts';
import { check } from './interlock.ts';
import type { World } from './world.ts';

function podOf(release: string, index: number): Pod {
  const own = { [labels.release]: release, [labels.serves]: 'true', [labels.backend]: 'true' };
  return {
    metadata: { name: `${release}-${index}`, labels: own },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

/** All pods ready, in the Service and behind that of their version. */
function viewOf(name: string, count: number): VersionView {
  const pods = Array.from({ length: count }, (_, index) => podOf(name, index));
  const replicaSet = { metadata: { name }, spec: { replicas: count, selector: {} } };
  const release = makeRelease({ metadata: { name } });
  return { release, replicaSet, pods, ready: pods, backends: pods, serving: pods, arriving: pods, listed: pods };
}

function reading(source: string): VersionView {
  return {
    ...viewOf('b', 0),
    release: makeRelease({ metadata: { name: 'b' }, spec: { frozen: { [source]: 'shop-f1' } } }),
  };
}

const world: World = {
  versions: new Map([
    ['a', viewOf('a', 3)],
    ['b', viewOf('b', 3)],
  ]),
  weights: { a: 100, b: 0 },
  earlierWeights: [],
  withSessions: new Set(),
  isRouted: true,
  route: 'open',
  floor: 3,
  admitted: new Set(['a', 'b']),
  needed: new Set(),
};

function leave(release: string, ...indices: readonly number[]): Action {
  const pods = indices.map((index) => `${release}-${index}`);
  return { type: 'setServing', release, pods, serves: false, backend: false, template: false };
}

const toB: Action = { type: 'setSplit', weights: { a: 0, b: 100 } };
const mark: Action = { type: 'markForDeletion', release: 'a', pods: ['a-0'] };
const removeRoute: Action = { type: 'removeRoute' };

describe('within one step', () => {
  test.each<{ name: string; actions: readonly Action[]; safe: number; given?: Partial<World> }>([
    { name: 'the new version must carry what it was just given', actions: [toB, leave('b', 0)], safe: 1 },
    { name: 'the old version carries until a gateway says otherwise', actions: [toB, leave('a', 0)], safe: 1 },
    {
      name: 'capacity is taken once',
      actions: [leave('a', 0), leave('b', 1)],
      safe: 1,
      given: { weights: {}, isRouted: false, floor: 5 },
    },
    {
      name: 'what joins again is not counted before the endpoints name it',
      actions: [
        leave('b', 0, 1, 2),
        { type: 'setServing', release: 'b', pods: ['b-0'], serves: true, backend: true, template: false },
        leave('a', 0),
      ],
      safe: 2,
    },
    { name: 'a pod that has just left may still be asked', actions: [leave('b', 0), mark], safe: 1 },
    {
      name: 'weight that was taken comes back through the gates alone',
      actions: [toB, { type: 'setSplit', weights: { a: 100, b: 0 } }],
      safe: 1,
      given: { admitted: new Set(['b']) },
    },
    {
      name: 'a version without a record has passed no gate',
      actions: [{ type: 'deleteRelease', release: 'b' }, toB],
      safe: 1,
      given: { versions: new Map([...world.versions, ['b', { ...viewOf('b', 3), ...outOfTraffic('b') }]]) },
    },
    {
      name: 'a first route leads to all pods of the Service alike',
      actions: [{ type: 'setSplit', weights: { a: 50, b: 50 } }],
      safe: 1,
      given: {
        route: 'none',
        weights: {},
        versions: new Map([
          ['a', viewOf('a', 1)],
          ['b', viewOf('b', 1)],
        ]),
      },
    },
    {
      name: 'a first route does not lead past pods of the Service to fewer of them',
      actions: [{ type: 'setSplit', weights: { a: 100, b: 0 } }],
      safe: 0,
      given: {
        route: 'none',
        weights: {},
        versions: new Map([
          ['a', viewOf('a', 1)],
          ['b', viewOf('b', 1)],
        ]),
      },
    },
    {
      name: 'a first route leads to the only pod that there is',
      actions: [{ type: 'setSplit', weights: { a: 100 } }],
      safe: 1,
      given: { route: 'none', weights: {}, versions: new Map([['a', viewOf('a', 1)]]) },
    },
    {
      name: 'a copy that a version reads stays which a rollback needs',
      actions: [{ type: 'deleteCopy', kind: 'Secret', name: 'shop-f1' }],
      safe: 0,
      given: { needed: new Set(['b']), versions: new Map([['b', reading('Secret/keys')]]) },
    },
    {
      name: 'a copy of another kind and the same name goes',
      actions: [{ type: 'deleteCopy', kind: 'Secret', name: 'shop-f1' }],
      safe: 1,
      given: { needed: new Set(['b']), versions: new Map([['b', reading('ConfigMap/keys')]]) },
    },
    {
      name: 'a copy that only a version reads to which nobody can go back goes',
      actions: [{ type: 'deleteCopy', kind: 'Secret', name: 'shop-f1' }],
      safe: 1,
      given: { versions: new Map([['b', reading('Secret/keys')]]) },
    },
    {
      name: 'a route that was just closed has requests in flight',
      actions: [{ type: 'closeRoute' }, removeRoute],
      safe: 1,
      given: { route: 'drained', isRouted: false },
    },
    {
      name: 'a route that was opened again does not go',
      actions: [toB, removeRoute],
      safe: 1,
      given: { route: 'drained', isRouted: false },
    },
    {
      name: 'a route that has drained goes',
      actions: [removeRoute],
      safe: 1,
      given: { route: 'drained', isRouted: false },
    },
  ])('$name', ({ actions, safe, given }) => {
    expect(check(actions, { ...world, ...given }).safe).toHaveLength(safe);
  });

  test('a refusal says what is waited for', () => {
    expect(check([toB, leave('b', 0)], world).refused).toBe(
      'the rule "load" to allow setServing: a pod would carry 49.8 % where 33.3 % is the most',
    );
  });
});

describe('a pod that is marked to go', () => {
  test('must have left the traffic before', () => {
    expect(check([mark], world).refused).toContain('1 pods would be marked to go that have not left the traffic');
  });

  test('goes with a smaller ReplicaSet, and no other one', () => {
    const marked = outOfTraffic('a', { [annotations.deletionCost]: '-1000' });
    const view = { ...viewOf('a', 3), ...marked };
    const scale = (replicas: number): Action => ({ type: 'scale', release: 'a', replicas, reason: '' });
    const versions = new Map([['a', { ...view, pods: [...view.pods, podOf('a', 9)] }]]);
    expect(check([scale(1)], { ...world, versions }).safe).toHaveLength(1);
    expect(check([scale(0)], { ...world, versions }).refused).toContain('4 pods would go and only 3 have left');
    expect(check([scale(3), scale(0)], { ...world, versions }).safe).toHaveLength(1);
  });
});

/** Ready, and nowhere named or labelled. */
function outOfTraffic(name: string, marks: Record<string, string> = {}): Partial<VersionView> {
  const pods = viewOf(name, 3).pods.map((pod) => ({
    ...pod,
    metadata: { ...pod.metadata, labels: { [labels.release]: name }, annotations: marks },
  }));
  return { pods, ready: pods, serving: [], arriving: [], listed: [] };
}
