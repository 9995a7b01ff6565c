import { describe, expect, test } from 'vitest';
import { runHistory } from '../testing/histories.ts';
import type { Happening, History } from '../testing/history.ts';
import { observationOf } from '../testing/simulation/world.ts';
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
