import { expect, test } from 'vitest';
import { release } from '../testing/records.ts';
import { createWorld, observationOf } from '../testing/simulation/world.ts';
import type { Hook } from './api/hook.ts';
import type { GateResult, ReleaseStatus } from './api/release.ts';
import { worldOf } from './context-of.ts';
import { check } from './interlock/interlock.ts';

const gate: GateResult = { name: 'agree', during: 'beforeRelease', attempt: 1, startedAt: '2026-01-01T00:00:00Z' };

/** What the interlock says of the first traffic for a version that is healthy. */
function refusal(status: Partial<ReleaseStatus>, more: Partial<Hook> = {}): string | undefined {
  const hooks = { beforeRelease: [{ name: 'agree', approval: {}, ...more }] };
  const healthyAt = '2026-01-01T00:00:10Z';
  const candidate = release({ spec: { hooks }, status: { phase: 'Progressing', healthyAt, ...status } });
  const observation = { ...observationOf(createWorld({ template: {}, replicas: 1 })), releases: [candidate] };
  const join = { type: 'setServing', release: 'shop-1', pods: [], serves: true, template: true } as const;
  return check([join], worldOf(observation, { active: candidate, now: 0 })).refused;
}

const refused = 'the rule "sum" to allow setServing: the gates of shop-1 have not passed';

test.each<[string, ReturnType<typeof refusal>, string | undefined]>([
  ['before it was looked at', refusal({}), refused],
  ['while it is open', refusal({ gates: [gate] }), refused],
  ['after it has failed', refusal({ gates: [{ ...gate, outcome: 'failed' }] }), refused],
  ['after it has passed', refusal({ gates: [{ ...gate, outcome: 'passed' }] }), undefined],
  ['where it may fail', refusal({ gates: [{ ...gate, outcome: 'failed' }] }, { onFailure: 'ignore' }), undefined],
  ['where a person has promoted the version', refusal({ promotedBy: 'ann' }), undefined],
])('the interlock holds a version to its hook before the release %s', (_, found, wanted) => {
  expect(found).toBe(wanted);
});
