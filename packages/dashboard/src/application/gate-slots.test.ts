import type { CheckState } from '@slipway/delivery/api/check';
import type { ReleasePhase } from '@slipway/delivery/api/release';
import { describe, expect, it } from 'vitest';
import { release } from '../../testing/release.ts';
import { describeAbsence, listSlots } from './gate-slots.ts';

const check = { name: 'errors', provider: { gateway: { metric: 'errors' } }, successWhen: 'value < 0.05' } as const;
const steps = [{ setWeight: 25 }, { check: 'errors' }, { setWeight: 50 }, { check: 'errors' }];
const spec = {
  strategy: { type: 'canary', canary: { steps } },
  checks: [check, { ...check, name: 'rate', when: ['release'] }],
  healthCheck: { path: '/health' },
  hooks: {
    beforeRelease: [{ name: 'migrate', job: { template: {} } }],
    beforePromotion: [{ name: 'sign-off', approval: {} }],
    onRollback: [{ name: 'tell', webhook: { url: 'https://example.org' } }],
  },
} as const;
const run = (given: Partial<CheckState>): CheckState => ({
  name: 'errors',
  during: 'release',
  attempt: 1,
  startedAt: '2026-01-01T00:00:00Z',
  measurements: [],
  patienceSeconds: 60,
  fruitlessSeconds: 0,
  totals: { passed: 0, failed: 0, error: 0, inconclusive: 0, noData: 0 },
  ...given,
});
const gate = (name: string, given = {}) => ({ name, attempt: 1, startedAt: '2026-01-01T00:00:00Z', ...given });

const namesOf = ({ checks, gates }: ReturnType<typeof listSlots>) => ({
  checks: checks.map(({ name, time, run: found }) => `${name} ${time}${found === undefined ? '' : ': there'}`),
  gates: gates.map(({ name, gate: found }) => `${name}${found === undefined ? '' : ': there'}`),
});

describe('the places of gates', () => {
  const planned = namesOf(listSlots(release({ phase: 'Progressing' }, spec)));

  it('are there before any of them has begun, each run of a check for itself', () => {
    expect(planned).toEqual({
      checks: [
        'errors step 2 of 4: check errors',
        'errors step 4 of 4: check errors',
        'rate during the release',
        'errors by the guard',
      ],
      gates: ['migrate', 'health', 'sign-off', 'tell'],
    });
  });

  it('stay when one begins', () => {
    const checks = [run({ step: '4 of 4: check errors' }), run({ during: 'guard' })];
    const gates = [gate('health'), gate('sign-off', { during: 'beforePromotion' })];
    const filled = namesOf(listSlots(release({ phase: 'Guarding', checks, gates }, spec)));
    expect(filled.checks.map((each) => each.replace(': there', ''))).toEqual(planned.checks);
    expect(filled.checks.filter((each) => each.endsWith(': there'))).toHaveLength(2);
    expect(filled.gates).toEqual(['migrate', 'health: there', 'sign-off: there', 'tell']);
  });

  it('are one for a check that no step names, which runs anew in each', () => {
    const first = run({ name: 'rate', step: '1 of 4: setWeight 25', outcome: 'passed' });
    const second = run({ name: 'rate', step: '2 of 4: check errors' });
    const { checks } = listSlots(release({ phase: 'Progressing', checks: [first, second] }, spec));
    expect(checks.map(({ name, time }) => `${name} ${time}`)).toEqual(planned.checks);
    expect(checks[2]).toMatchObject({ run: second, runs: [first, second] });
  });

  it('say what does not come any more', () => {
    const said = (phase: ReleasePhase): readonly string[] => {
      const { checks, gates } = listSlots(release({ phase }, spec));
      return [...checks, ...gates].map((slot) => `${slot.name} ${describeAbsence(slot, phase)}`);
    };
    expect(said('Progressing').filter((each) => !each.endsWith('to come'))).toEqual(['tell on a rollback']);
    expect(said('Guarding').filter((each) => each.endsWith('to come'))).toEqual(['errors to come']);
    const recreate = { ...spec, strategy: { type: 'recreate' } } as const;
    const ready = listSlots(release({ phase: 'Promoting' }, recreate)).gates.find(({ name }) => name === 'health');
    expect(ready && describeAbsence(ready, 'Promoting'), 'which starts its pods then').toBe('to come');
    expect(said('RollingBack').filter((each) => each.endsWith('to come'))).toEqual([]);
  });

  it('has one for pods that are ready, also where nobody asks them', () => {
    const { healthCheck: _, ...unasked } = spec;
    const { gates } = listSlots(release({ phase: 'Pending' }, unasked));
    expect(gates.map(({ name }) => name)).toEqual(['migrate', 'health', 'sign-off', 'tell']);
  });

  it('are made for what nobody planned, and for the last attempt of it', () => {
    const gates = [gate('health'), gate('other', { outcome: 'failed' }), gate('other', { attempt: 2 })];
    const { gates: found } = listSlots(release({ phase: 'Progressing', gates }, { guardSeconds: 0 }));
    expect(found.map(({ name, gate: of }) => `${name} ${of?.attempt}`)).toEqual(['health 1', 'other 2']);
  });

  it('are none of the guard where there is no guard', () => {
    const { checks } = listSlots(release({ phase: 'Progressing' }, { ...spec, guardSeconds: 0 }));
    expect(checks.map(({ time }) => time)).not.toContain('by the guard');
  });
});
