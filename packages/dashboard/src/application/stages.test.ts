import type { Strategy } from '@slipway/delivery/api/application';
import type { ReleaseStatus } from '@slipway/delivery/api/release';
import { describe, expect, test } from 'vitest';
import { findStage, planStages, seconds } from './stages.ts';

const steps = [{ setWeight: 10 }, { pause: { seconds: 60 } }, { check: 'errors' }, { setWeight: 50 }, { pause: {} }];
const canary: Strategy = { type: 'canary', canary: { steps } };
const draw = (plan: Parameters<typeof planStages>[0]) =>
  planStages(plan).map(({ label, weight }) => `${label}: ${weight}`);

describe('stages', () => {
  test('of a canary keep the weight of the step before', () => {
    expect(draw({ strategy: canary, guardSeconds: 120 })).toEqual([
      'pods ready: 0',
      '10 %: 10',
      'pause 1 min: 10',
      'check errors: 10',
      '50 %: 50',
      'you resume: 50',
      'all traffic: 100',
      'guard: 100',
    ]);
  });
  test.each([
    { strategy: { type: 'blueGreen' }, labels: ['pods ready', 'all traffic', 'guard'] },
    {
      strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } },
      labels: ['pods ready', 'you promote', 'all traffic', 'guard'],
    },
    {
      strategy: { type: 'blueGreen', blueGreen: { promoteAfterSeconds: 30 } },
      labels: ['pods ready', 'wait 30 s', 'all traffic', 'guard'],
    },
    { strategy: { type: 'rolling' }, labels: ['pods ready', 'pod by pod', 'all traffic', 'guard'] },
    { strategy: { type: 'recreate' }, labels: ['pods ready', 'old pods go', 'all traffic', 'guard'] },
  ])('of $strategy are $labels', ({ strategy, labels }) => {
    expect(planStages({ strategy }).map(({ label }) => label)).toEqual(labels);
  });
  test('have hooks where they run, and say where somebody is needed', () => {
    const hooks = {
      beforeRelease: [{ name: 'migrate', job: { template: {} } }],
      beforePromotion: [{ name: 'sign-off', approval: {} }],
    };
    const stages = planStages({ strategy: canary, hooks, guardSeconds: 0 });
    expect(stages.filter(({ isForPerson }) => isForPerson).map(({ label }) => label)).toEqual([
      'you resume',
      'approve sign-off',
    ]);
    expect(draw({ strategy: canary, hooks, guardSeconds: 0 }).slice(0, 2)).toEqual(['migrate: 0', 'pods ready: 0']);
    expect(stages.at(-1)?.label).toBe('all traffic');
  });
});

describe('where a release is', () => {
  const stages = planStages({ strategy: canary });
  const at = (status: ReleaseStatus) => stages[findStage(stages, canary, status)]?.label;
  test.each([
    { status: { phase: 'Pending' }, label: 'pods ready' },
    { status: { phase: 'Progressing', stepIndex: 0 }, label: 'pods ready' },
    { status: { phase: 'Progressing', firstTrafficAt: 't', stepIndex: 0 }, label: '10 %' },
    { status: { phase: 'Paused', firstTrafficAt: 't', stepIndex: 4 }, label: 'you resume' },
    { status: { phase: 'Progressing', firstTrafficAt: 't', stepIndex: 9 }, label: 'all traffic' },
    { status: { phase: 'Promoting' }, label: 'all traffic' },
    { status: { phase: 'Guarding' }, label: 'guard' },
    { status: { phase: 'RollingBack', firstTrafficAt: 't', stepIndex: 3 }, label: '50 %' },
    { status: { phase: 'RolledBack', firstTrafficAt: 't', trafficMovedAt: 't' }, label: 'guard' },
    { status: { phase: 'Succeeded' }, label: undefined },
  ] as const)('$status is at $label', ({ status, label }) => {
    expect(at(status)).toBe(label);
  });
});

test('a hook that is open is where a release is, whatever steps there are', () => {
  const stages = planStages({ strategy: canary, hooks: { beforePromotion: [{ name: 'sign-off', approval: {} }] } });
  const gates = [{ name: 'sign-off', during: 'beforePromotion', attempt: 1, startedAt: 't' }] as const;
  const index = findStage(stages, canary, { phase: 'Progressing', healthyAt: 't', stepIndex: 0, gates });
  expect(stages[index]?.label).toBe('approve sign-off');
});

test.each([
  [5, '5 s'],
  [90, '90 s'],
  [600, '10 min'],
  [7_200, '2 h'],
])('%i seconds are %s', (count, words) => {
  expect(seconds(count)).toBe(words);
});
