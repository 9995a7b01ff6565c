import { describe, expect, test } from 'vitest';
import { runHistory } from '../testing/histories.ts';
import type { Happening, History } from '../testing/history.ts';
import { observationOf } from '../testing/simulation/world.ts';
import { worldOf } from './context-of.ts';
import { check } from './interlock/interlock.ts';
import { backendName, labels } from './names.ts';
import { isServing, type Observation } from './observation.ts';
import { nameOf } from './release-context.ts';
import { planOpening, planRescue, planRoute } from './routing.ts';

const rounds: readonly Happening[] = Array.from({ length: 20 }, () => ({ type: 'round' }));
const world = runHistory({ strategy: { type: 'blueGreen' }, routed: true, replicas: 3, happenings: rounds });

function elsewhere(): ReturnType<typeof observationOf> {
  const observation = observationOf(world);
  const { application } = observation;
  const route = { ...application.spec.route, hosts: ['elsewhere.example'] };
  return { ...observation, application: { ...application, spec: { ...application.spec, route } } };
}

test('a changed route keeps the weights', () => {
  const [release] = world.releases;
  expect(planRoute(elsewhere(), 0).actions).toMatchObject([
    { type: 'setSplit', weights: { [release?.metadata.name ?? '']: 100 } },
  ]);
});

test('a changed route waits for the record of the version that serves, and drops no backend', () => {
  expect(planRoute({ ...elsewhere(), releases: [] }, 0).actions).toEqual([]);
});

test.each<[string, History['strategy']]>([
  ['a rolling', { type: 'rolling' }],
  ['an approximate', { type: 'canary', canary: { steps: [{ setWeight: 40 }, { pause: {} }], approximate: true } }],
])('a route given in the middle of %s release brings back no pod that has left for it', (_, strategy) => {
  const halfway = runHistory(
    {
      strategy,
      routed: false,
      replicas: 5,
      serving: true,
      happenings: [{ type: 'deploy', image: 'b' }, ...rounds.slice(0, 9)],
    },
    { atRest: false },
  );
  const observation = observationOf(halfway);
  const { application, releases, pods } = observation;
  const [stable, candidate] = releases;
  if (stable === undefined || candidate === undefined) throw new Error('the history does not come to two versions');
  const standing = pods.filter(isServing).map(({ metadata }) => metadata.labels?.[labels.release]);
  const [a, b] = [nameOf(stable), nameOf(candidate)];
  expect(standing.toSorted()).toEqual([a, a, a, b, b]);
  expect(pods).toHaveLength(7);
  const given = { ...application, spec: { ...application.spec, route: { hosts: ['shop'] } } };
  expect(planOpening({ ...observation, application: given }, candidate)).toEqual([
    { type: 'setSplit', weights: { [a]: 60, [b]: 40 } },
  ]);
});

describe('what a version without a ready pod carried', () => {
  /** Three versions in one split; their records are of three releases that have been made. */
  const third = runHistory(
    {
      strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } },
      routed: true,
      replicas: 4,
      happenings: [...rounds, { type: 'deploy', image: 'b' }, ...rounds, { type: 'deploy', image: 'c' }, ...rounds],
    },
    { atRest: false },
  );

  interface Version {
    readonly weight: number;
    readonly pods: number;
  }

  /** The versions 1, 2 and 3, of which 1 is the stable one. */
  function rescue(...versions: readonly [Version, Version, Version]): unknown {
    const observation = observationOf(third);
    const { split, releases } = observation;
    const [rule] = split?.spec.rules ?? [];
    const [backend] = rule?.backends ?? [];
    const active = releases.at(-1);
    if (split === undefined || rule === undefined || backend === undefined || active === undefined)
      throw new Error('the history does not come to a split');
    const backends = releases.map(({ spec, metadata }, index) => ({
      ...backend,
      service: backendName(spec),
      version: metadata.name ?? '',
      weight: versions[index]?.weight ?? 0,
    }));
    const pods = releases.flatMap((release, index) =>
      Array.from({ length: versions[index]?.pods ?? 0 }, (_, count) => ({
        metadata: {
          name: `${nameOf(release)}-${count}`,
          labels: { [labels.release]: nameOf(release), [labels.backend]: 'true' },
        },
        status: { conditions: [{ type: 'Ready', status: 'True' }] },
      })),
    );
    const given: Observation = {
      ...observation,
      pods,
      split: { ...split, spec: { ...split.spec, rules: [{ ...rule, backends }] } },
    };
    const actions = planRescue(given, active);
    const { safe, refused } = check(actions, worldOf(given, { active, now: 0 }));
    expect(refused).toBeUndefined();
    expect(safe).toHaveLength(actions.length);
    return actions.flatMap((action) => (action.type === 'setSplit' ? Object.values(action.weights) : []));
  }

  test('goes to stable, and another one keeps its share', () => {
    expect(rescue({ weight: 50, pods: 4 }, { weight: 30, pods: 0 }, { weight: 20, pods: 1 })).toEqual([80, 0, 20]);
  });

  test('goes to stable so far as its pods carry it, and on to the other one', () => {
    expect(rescue({ weight: 20, pods: 1 }, { weight: 50, pods: 0 }, { weight: 30, pods: 3 })).toEqual([25, 0, 75]);
  });

  test('is shared by those that are left, by their pods, where stable is the one that died', () => {
    expect(rescue({ weight: 50, pods: 0 }, { weight: 30, pods: 1 }, { weight: 20, pods: 3 })).toEqual([0, 25, 75]);
  });

  test('goes to the one that is left', () => {
    expect(rescue({ weight: 50, pods: 0 }, { weight: 30, pods: 0 }, { weight: 20, pods: 1 })).toEqual([0, 0, 100]);
  });

  test('goes to a stable version that stands by where none is left', () => {
    expect(rescue({ weight: 0, pods: 2 }, { weight: 60, pods: 0 }, { weight: 40, pods: 0 })).toEqual([100, 0, 0]);
  });

  test('stays where no pod is ready at all', () => {
    expect(rescue({ weight: 50, pods: 0 }, { weight: 30, pods: 0 }, { weight: 20, pods: 0 })).toEqual([]);
  });
});
