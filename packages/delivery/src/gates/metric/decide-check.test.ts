import { describe, expect, test } from 'vitest';
import type { Check, CheckState, CheckTime, Measurement } from '../../api/check.ts';
import { endCheck, findRun, nextNumber, startCheck, withRun } from './check-state.ts';
import {
  advanceCheck,
  cancelledVerdict,
  concludeCheck,
  decideCheck,
  isPassingNow,
  type CheckPlan,
} from './decide-check.ts';

const start = Date.UTC(2026, 0, 1);
const second = 1_000;

type Outcome = Measurement['outcome'];

function check(more: Partial<Check> = {}): Check {
  return {
    name: 'errors',
    provider: { prometheus: { address: 'http://prometheus', query: 'up' } },
    successWhen: 'value < 0.05',
    interval: '10s',
    ...more,
  };
}

function begin(of: Check, during: CheckTime = 'release'): CheckState {
  return startCheck({ check: of, during, attempt: 1, patienceSeconds: 60, now: start });
}

function measured(state: CheckState, outcome: Outcome, at: number): Measurement {
  const time = new Date(at).toISOString();
  const reason = outcome === 'passed' ? {} : { reason: `it was ${outcome}` };
  return { number: nextNumber(state), outcome, startedAt: time, finishedAt: time, ...reason };
}

interface Ran {
  readonly state: CheckState;
  readonly now: number;
}

/** Each measurement ends when it was due. */
function run(of: Check, outcomes: readonly Outcome[], during: CheckTime = 'release'): Ran {
  return outcomes.reduce<Ran>(
    ({ state, now }, outcome) => {
      const plan = decideCheck(of, state, now);
      const at = plan.type === 'wait' ? plan.until : now;
      return {
        state: advanceCheck(of, state, { taken: { measurement: measured(state, outcome, at) }, now: at }),
        now: at,
      };
    },
    { state: begin(of, during), now: start },
  );
}

function planAfter(of: Check, outcomes: readonly Outcome[], during: CheckTime = 'release'): CheckPlan {
  const { state, now } = run(of, outcomes, during);
  return decideCheck(of, state, now);
}

function times(count: number, outcome: Outcome): readonly Outcome[] {
  return Array.from({ length: count }, () => outcome);
}

describe('the verdict of a release on a check', () => {
  test.each<[rule: string, terms: Partial<Check>, outcomes: readonly Outcome[], said: string]>([
    ['passes with as many measurements as were asked for', { count: 3 }, times(3, 'passed'), 'passed'],
    ['waits for all of them', { count: 3 }, times(2, 'passed'), 'wait'],
    ['asks for one where nothing is said', {}, ['passed'], 'passed'],
    ['fails on the first failure where nothing is said', {}, ['failed'], 'failed'],
    ['does not fail on a failure that is allowed', { count: 5, failureLimit: 2 }, times(2, 'failed'), 'wait'],
    ['fails on the failure that exceeds the limit', { count: 5, failureLimit: 2 }, times(3, 'failed'), 'failed'],
    [
      'counts failures whatever came between',
      { count: 9, failureLimit: 1 },
      ['failed', 'passed', 'error', 'noData', 'failed'],
      'failed',
    ],
    ['passes with failures that are allowed', { count: 3, failureLimit: 1 }, ['passed', 'failed', 'passed'], 'passed'],
    ['does not take an error for a failure', {}, times(4, 'error'), 'wait'],
    ['ends as error on the error that exceeds the limit', { errorLimit: 1 }, times(2, 'error'), 'error'],
    ['allows four errors where nothing is said', {}, times(5, 'error'), 'error'],
    ['does not count an error as a measurement', { count: 2 }, ['passed', 'error'], 'wait'],
    ['passes after errors that are allowed', { count: 2 }, ['passed', 'error', 'passed'], 'passed'],
    ['does not take missing data for a failure', {}, ['noData'], 'wait'],
    ['does not take missing data for success', { count: 1 }, ['noData'], 'wait'],
    ['waits for data where it is told to', { onNoData: 'wait' }, ['noData', 'noData', 'passed'], 'passed'],
    ['ends as noData when none comes', { onNoData: 'wait' }, times(7, 'noData'), 'noData'],
    [
      'takes missing data for success where it is told to',
      { onNoData: 'pass', count: 2 },
      times(2, 'noData'),
      'passed',
    ],
    ['takes missing data for a failure where it is told to', { onNoData: 'fail' }, ['noData'], 'failed'],
    [
      'adds such failures to the others',
      { onNoData: 'fail', count: 5, failureLimit: 1 },
      ['failed', 'noData'],
      'failed',
    ],
    ['is not failed by too few samples', { minSamples: 50 }, times(3, 'inconclusive'), 'wait'],
    ['is inconclusive when samples stay too few', { minSamples: 50 }, times(7, 'inconclusive'), 'inconclusive'],
    ['names what was lacking last', { onNoData: 'wait' }, [...times(6, 'inconclusive'), 'noData'], 'noData'],
    [
      'is patient anew after each measurement that counts',
      { count: 2 },
      [...times(5, 'noData'), 'passed', ...times(5, 'noData')],
      'wait',
    ],
    [
      'ends as error when the last thing that was lacking was an answer',
      { errorLimit: 99 },
      times(7, 'error'),
      'error',
    ],
  ])('%s', (_, terms, outcomes, said) => {
    const plan = planAfter(check(terms), outcomes);
    expect(plan.type === 'verdict' ? plan.outcome : plan.type).toBe(said);
  });

  test.each<[Partial<Check>, readonly Outcome[], string]>([
    [
      { count: 5, failureLimit: 1 },
      ['passed', 'failed', 'failed'],
      'check errors failed 2 times, 1 allowed: it was failed',
    ],
    [{ errorLimit: 0 }, ['error'], 'check errors could not be measured once, 0 allowed: it was error'],
    [
      {},
      times(7, 'noData'),
      'check errors has 0 of 1 measurements, and no other that counts within 60 s: it was noData',
    ],
    [
      { count: 3, failureLimit: 1 },
      ['passed', 'failed', 'noData', 'passed'],
      'check errors passed: of 4 measurements 2 passed, 1 failed, 1 allowed, 1 without data',
    ],
  ])('says why: %j after %j', (terms, outcomes, said) => {
    expect(planAfter(check(terms), outcomes)).toMatchObject({ type: 'verdict', message: said });
  });
});

describe('the guard', () => {
  test.each<[rule: string, terms: Partial<Check>, outcomes: readonly Outcome[], said: string]>([
    ['measures on beyond the count', { count: 1 }, times(30, 'passed'), 'wait'],
    ['is never ended by errors', { errorLimit: 0 }, times(30, 'error'), 'wait'],
    [
      'is never ended by missing data, even where that fails a release',
      { onNoData: 'fail' },
      times(30, 'noData'),
      'wait',
    ],
    ['is never ended by too few samples', { minSamples: 5 }, times(30, 'inconclusive'), 'wait'],
    ['is ended by failures after errors', { errorLimit: 0 }, [...times(9, 'error'), 'failed'], 'failed'],
    ['is ended by the failure that exceeds the limit', { count: 5, failureLimit: 2 }, times(3, 'failed'), 'failed'],
  ])('%s', (_, terms, outcomes, said) => {
    const plan = planAfter(check(terms), outcomes, 'guard');
    expect(plan.type === 'verdict' ? plan.outcome : plan.type).toBe(said);
  });

  test.each<[rule: string, outcomes: readonly Outcome[], outcome: string, isPassing: boolean]>([
    ['passed with one measurement that counts', ['passed', 'error', 'noData'], 'passed', true],
    ['passed with failures that are allowed, though not at that moment', ['passed', 'failed'], 'passed', false],
    ['noData where there never was any', ['noData', 'noData'], 'noData', true],
    ['noData where nothing was measured', [], 'noData', true],
    ['error where none was answered', ['error'], 'error', true],
    ['inconclusive with too few samples', ['inconclusive'], 'inconclusive', true],
    ['failed when the limit was exceeded', ['failed', 'failed'], 'failed', false],
  ])('comes to %s', (_, outcomes, outcome, isPassing) => {
    const of = check({ count: 5, failureLimit: 1 });
    const { state } = run(of, outcomes, 'guard');
    expect(concludeCheck(of, state).outcome).toBe(outcome);
    expect(isPassingNow(of, state)).toBe(isPassing);
  });
});

describe('the time of the next measurement', () => {
  const of = check({ count: 9, failureLimit: 8 });

  test('is now for the first one', () => {
    expect(decideCheck(of, begin(of), start)).toEqual({
      type: 'measure',
      number: 1,
      waitingFor: 'check errors to pass: 0 of 9 measurements',
    });
  });

  test('is an interval away for the first one of a gateway, whose numbers are those of a window', () => {
    const gateway = check({ provider: { gateway: { metric: 'errors' } } });
    expect(decideCheck(gateway, begin(gateway), start)).toMatchObject({ type: 'wait', until: start + 10 * second });
  });

  test('runs from the end of the last one, not from its beginning', () => {
    const state = begin(of);
    const measurement = { ...measured(state, 'passed', start), finishedAt: new Date(start + 7 * second).toISOString() };
    const next = advanceCheck(of, state, { taken: { measurement }, now: start + 7 * second });
    expect(decideCheck(of, next, start + 10 * second)).toMatchObject({ type: 'wait', until: start + 17 * second });
    expect(decideCheck(of, next, start + 17 * second)).toMatchObject({ type: 'measure', number: 2 });
  });

  test('is the same after a restart of the controller', () => {
    const { state, now } = run(of, ['passed', 'failed']);
    const restored: CheckState = JSON.parse(JSON.stringify(state));
    expect(decideCheck(of, restored, now + second)).toEqual(decideCheck(of, state, now + second));
  });

  test('is now, once, when the clock has gone forward', () => {
    const { state, now } = run(of, ['passed']);
    const later = now + 86_400 * second;
    expect(decideCheck(of, state, later)).toMatchObject({ type: 'measure', number: 2 });
    const next = advanceCheck(of, state, { taken: { measurement: measured(state, 'noData', later) }, now: later });
    expect(next.fruitlessSeconds).toBe(25);
    expect(decideCheck(of, next, later)).toMatchObject({ type: 'wait', until: later + 10 * second });
  });

  test('is now, once, when the clock has gone back', () => {
    const { state, now } = run(of, ['passed']);
    const earlier = now - 86_400 * second;
    expect(decideCheck(of, state, earlier)).toMatchObject({ type: 'measure', number: 2 });
    const next = advanceCheck(of, state, { taken: { measurement: measured(state, 'noData', earlier) }, now: earlier });
    expect(next.fruitlessSeconds).toBe(10);
    expect(decideCheck(of, next, earlier)).toMatchObject({ type: 'wait', until: earlier + 10 * second });
  });

  test('says what is waited for without a clock in it', () => {
    const { state, now } = run(of, ['failed']);
    const said = decideCheck(of, state, now + second);
    expect(said).toMatchObject({
      waitingFor: 'check errors to pass: 1 of 9 measurements (last failed: it was failed)',
    });
    expect(decideCheck(of, state, now + 5 * second)).toEqual(said);
  });
});

describe('the record of a run', () => {
  const of = check({ count: 2 });

  test('takes a measurement once', () => {
    const state = begin(of);
    const taken = { measurement: measured(state, 'passed', start) };
    const once = advanceCheck(of, state, { taken, now: start });
    expect(advanceCheck(of, once, { taken, now: start })).toEqual(once);
  });

  test('keeps its verdict, whatever comes later', () => {
    const { state, now } = run(check(), ['failed']);
    expect(state).toMatchObject({ outcome: 'failed', endedAt: '2026-01-01T00:00:00.000000Z' });
    const late = { taken: { measurement: measured(state, 'passed', now) }, now };
    expect(advanceCheck(check(), state, late)).toEqual(state);
    expect(endCheck(state, 'passed', { message: 'no', now })).toEqual(state);
  });

  test('is cancelled with the release, and never measured again', () => {
    const { outcome, message } = cancelledVerdict('errors', 'the release is aborted');
    const ended = endCheck(begin(of), outcome, { message, now: start });
    expect(decideCheck(of, ended, start + 99 * second)).toEqual({
      type: 'verdict',
      outcome: 'cancelled',
      message: 'check errors was cancelled: the release is aborted',
    });
  });

  test('is found by check, time, step and attempt, and replaced in its place', () => {
    const first = begin(of);
    const second = { ...begin(of), step: '3' };
    const runs = withRun(withRun(undefined, first), second);
    const ended = endCheck(first, 'passed', { message: '', now: start });
    expect(withRun(runs, ended)).toEqual([ended, second]);
    expect(findRun(runs, second)).toBe(second);
    expect(findRun(runs, { ...second, attempt: 2 })).toBeUndefined();
  });
});
