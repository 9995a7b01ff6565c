import type { Pod } from '@slipway/kube/api.generated';
import { describe, expect, test } from 'vitest';
import { runHistory } from '../testing/histories.ts';
import type { Happening, History } from '../testing/history.ts';
import { observationOf } from '../testing/simulation/world.ts';
import { labels } from './names.ts';
import { reconcileApplication } from './reconcile.ts';

function rounds(count: number): readonly Happening[] {
  return Array.from({ length: count }, () => ({ type: 'round' }));
}

describe.each(['blueGreen', 'rolling'])('%s', (type) => {
  test.each([true, false])('a converged state gives an empty plan and nothing new to say (routed: %s)', (routed) => {
    const happenings: readonly Happening[] = [...rounds(15), { type: 'deploy', image: 'b' }, ...rounds(40)];
    const history: History = { strategy: { type }, routed, replicas: 3, happenings };
    const { application, now, ...world } = runHistory(history);
    expect(application.status?.phase).toBe('Stable');
    const decision = reconcileApplication(observationOf({ ...world, application, now }), now);
    expect(decision.actions).toEqual([]);
    expect(JSON.stringify(decision.applicationStatus)).toBe(JSON.stringify(application.status));
    expect([...decision.releaseStatuses]).toEqual([]);
    expect(decision.requeueAfter).toBeUndefined();
  });
});

test('while all traffic moves no program of a former version is ended, and a moment later it is', () => {
  const happenings: readonly Happening[] = [
    { type: 'deploy', image: 'b' },
    ...rounds(13),
    { type: 'deploy', image: 'c' },
    ...rounds(6),
  ];
  const history: History = { strategy: { type: 'blueGreen' }, routed: true, replicas: 3, serving: true, happenings };
  const world = runHistory(history, { atRest: false });
  const since = Date.parse(world.releases.at(-1)?.status?.transitions?.at(-1)?.at ?? '');
  expect(world.releases.map(({ status }) => status?.phase)).toEqual(['Succeeded', 'Succeeded', 'Promoting']);
  const planAfter = (elapsed: number): ReturnType<typeof reconcileApplication> =>
    reconcileApplication(observationOf(world), since + elapsed);
  expect(planAfter(199)).toMatchObject({ actions: [], requeueAfter: 1 });
  expect(planAfter(200)).toMatchObject({ actions: [{ type: 'markForDeletion' }] });
});

test('while the pods of a new version start no program of a former version is ended, unless they wait for room', () => {
  const happenings: readonly Happening[] = [
    { type: 'deploy', image: 'b' },
    ...rounds(16),
    { type: 'deploy', image: 'c' },
    ...rounds(4),
  ];
  const history: History = { strategy: { type: 'blueGreen' }, routed: true, replicas: 3, serving: true, happenings };
  const world = runHistory(history, { atRest: false });
  const newest = world.releases.at(-1);
  const since = Date.parse(newest?.status?.transitions?.at(-1)?.at ?? '');
  expect(newest?.status?.phase).toBe('Progressing');
  const planWith = (pods: readonly Pod[], elapsed: number): ReturnType<typeof reconcileApplication> =>
    reconcileApplication(observationOf({ ...world, pods: [...world.pods, ...pods] }), since + elapsed);
  const ending = { actions: [{ type: 'scale', release: 'shop-1', replicas: 0 }] };
  const own = { [labels.application]: 'shop', [labels.release]: newest?.metadata.name ?? '' };
  const starting: Pod = { metadata: { name: 'shop-3-a', namespace: 'default', uid: 'a', labels: own } };
  expect(planWith([], 0)).toMatchObject(ending);
  expect(planWith([starting], 0)).toMatchObject({ actions: [], requeueAfter: 2_000 });
  expect(planWith([starting], 1_999)).toMatchObject({ actions: [], requeueAfter: 1 });
  expect(planWith([starting], 2_000)).toMatchObject(ending);
  const conditions = [{ type: 'PodScheduled', status: 'False' }];
  expect(planWith([{ ...starting, status: { conditions } }], 0)).toMatchObject(ending);
});
