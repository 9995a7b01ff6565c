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
