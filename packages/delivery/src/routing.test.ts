import { expect, test } from 'vitest';
import { runHistory, type Happening } from '../testing/histories.ts';
import { observationOf } from '../testing/simulation/world.ts';
import { planRoute } from './routing.ts';

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
