/** Whatever is measured, whenever, under whatever clock. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noDataPolicies, type Check, type CheckState, type CheckTime, type Measurement } from '../../api/check.ts';
import { nextNumber, startCheck } from './check-state.ts';
import { advanceCheck, concludeCheck, decideCheck } from './decide-check.ts';

const start = Date.UTC(2026, 0, 1);
const hour = 3_600_000;
const interval = 10_000;
const largestState = 32 * 1_024;

const checks: fc.Arbitrary<Check> = fc
  .record({
    count: fc.integer({ min: 1, max: 30 }),
    failureLimit: fc.nat(10),
    errorLimit: fc.nat(10),
    onNoData: fc.constantFrom(...noDataPolicies),
  })
  .map((terms) => ({
    name: 'errors',
    provider: { prometheus: { address: 'http://prometheus', query: 'up' } },
    successWhen: 'value < 0.05',
    interval: '10s',
    ...terms,
  }));

interface Event {
  readonly outcome: Measurement['outcome'];
  /** How long the controller looks away. */
  readonly later: number;
  /** How far the clock is set. */
  readonly jump: number;
  readonly reason: string;
}

const events: fc.Arbitrary<Event> = fc.record({
  outcome: fc.constantFrom('passed', 'failed', 'inconclusive', 'noData', 'error'),
  later: fc.oneof({ weight: 9, arbitrary: fc.nat(15_000) }, { weight: 1, arbitrary: fc.nat(hour) }),
  jump: fc.oneof(
    { weight: 9, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -hour, max: hour }) },
  ),
  reason: fc.oneof(fc.string(), fc.constant('x'.repeat(5_000))),
});

function measure(state: CheckState, { outcome, reason }: Event, at: number): Measurement {
  const time = new Date(at).toISOString();
  return { number: nextNumber(state), outcome, value: '0.1', startedAt: time, finishedAt: time, reason };
}

interface Look {
  readonly state: CheckState;
  readonly hasMeasured: boolean;
  readonly at: number;
  readonly hasJumped: boolean;
}

function play(check: Check, during: CheckTime, history: readonly Event[]): readonly Look[] {
  let now = start;
  let state = startCheck({ check, during, attempt: 1, patienceSeconds: 600, now });
  return history.map((event) => {
    now += event.later + event.jump;
    const hasMeasured = decideCheck(check, state, now).type === 'measure';
    const query = 'up'.repeat(2_000);
    if (hasMeasured)
      state = advanceCheck(check, state, { taken: { measurement: measure(state, event, now), query }, now });
    return { state, hasMeasured, at: now, hasJumped: event.jump !== 0 };
  });
}

const histories = fc.tuple(
  checks,
  fc.constantFrom<CheckTime>('release', 'guard'),
  fc.array(events, { maxLength: 200, size: 'max' }),
);

describe('in every history of a check', () => {
  test('a verdict never changes', () => {
    fc.assert(
      fc.property(histories, ([check, during, history]) => {
        const looks = play(check, during, history);
        const first = looks.find(({ state }) => state.outcome !== undefined)?.state;
        if (first === undefined) return;
        const later = looks.slice(looks.findIndex(({ state }) => state === first));
        expect(later.every(({ state }) => state === first)).toBe(true);
        expect(concludeCheck(check, first).outcome).toBe(first.outcome);
      }),
    );
  });

  test('the record stays bounded, and its totals are those of all measurements', () => {
    fc.assert(
      fc.property(histories, ([check, during, history]) => {
        const looks = play(check, during, history);
        const last = looks.at(-1)?.state;
        if (last === undefined) return;
        expect(last.measurements.length).toBeLessThanOrEqual(20);
        expect(Buffer.byteLength(JSON.stringify(last))).toBeLessThan(largestState);
        expect(nextNumber(last) - 1).toBe(looks.filter(({ hasMeasured }) => hasMeasured).length);
      }),
    );
  });

  test('measurements are an interval apart unless the clock was set', () => {
    fc.assert(
      fc.property(histories, ([check, during, history]) => {
        const looks = play(check, during, history);
        const measured = looks.filter(({ hasMeasured, hasJumped }) => hasMeasured || hasJumped);
        const gaps = measured.flatMap(({ at, hasJumped }, index) => {
          const before = measured[index - 1];
          return before === undefined || hasJumped || !before.hasMeasured ? [] : [at - before.at];
        });
        expect(gaps.filter((gap) => gap < interval)).toEqual([]);
      }),
    );
  });

  test('one that waits is due within an interval, whatever the clock has done', () => {
    fc.assert(
      fc.property(histories, ([check, during, history]) => {
        const waits = play(check, during, history).flatMap(({ state, at }) => {
          const plan = decideCheck(check, state, at);
          return plan.type === 'wait' ? [plan.until - at] : [];
        });
        expect(waits.filter((wait) => wait > interval)).toEqual([]);
      }),
    );
  });

  test('only failures fail, and the guard is ended by nothing else', () => {
    fc.assert(
      fc.property(histories, ([check, during, history]) => {
        const state = play(check, during, history).at(-1)?.state;
        if (state?.outcome === undefined) return;
        const { failed, noData } = state.totals;
        const failures = check.onNoData === 'fail' && during === 'release' ? failed + noData : failed;
        const limit = check.failureLimit ?? 0;
        expect(state.outcome === 'failed').toBe(failures > limit);
        expect(during === 'guard' && state.outcome !== 'failed').toBe(false);
      }),
    );
  });
});
