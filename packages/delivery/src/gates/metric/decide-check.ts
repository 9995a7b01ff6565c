/** What comes next in the run of a check: a measurement, a wait or the verdict. From its record and the time alone. */
import type { GateOutcome } from '../../api/gate-outcome.ts';
import type { Check, CheckState, Measurement } from '../../api/check.ts';
import { endCheck, nextNumber, recordMeasurement, type TakenMeasurement } from './check-state.ts';
import { termsOf } from './terms.ts';

export interface CheckVerdict {
  readonly type: 'verdict';
  readonly outcome: GateOutcome;
  readonly message: string;
}

export type CheckPlan =
  | { readonly type: 'measure'; readonly number: number; readonly waitingFor: string }
  | { readonly type: 'wait'; readonly until: number; readonly waitingFor: string }
  | CheckVerdict;

export function decideCheck(check: Check, state: CheckState, now: number): CheckPlan {
  return (
    verdictOf(state) ?? judgeFailures(check, state) ?? judgeEnd(check, state) ?? planMeasurement(check, state, now)
  );
}

export interface CheckNews {
  /** What was measured since; absent where nothing was. */
  readonly taken?: TakenMeasurement | undefined;
  readonly now: number;
}

/** Adds a measurement and, where there is a verdict, ends the run in the same write: a verdict is never taken back. */
export function advanceCheck(check: Check, state: CheckState, { taken, now }: CheckNews): CheckState {
  const next = taken === undefined ? state : recordMeasurement(check, state, taken);
  const plan = decideCheck(check, next, now);
  return plan.type === 'verdict' ? endCheck(next, plan.outcome, { message: plan.message, now }) : next;
}

function verdictOf({ outcome, message = '' }: CheckState): CheckVerdict | undefined {
  return outcome === undefined ? undefined : { type: 'verdict', outcome, message };
}

function judgeFailures(check: Check, state: CheckState): CheckVerdict | undefined {
  const { failureLimit, onNoData } = termsOf(check, state.during);
  const { failed, noData } = state.totals;
  const failures = onNoData === 'fail' ? failed + noData : failed;
  if (failures <= failureLimit) return undefined;
  const isCause = ({ outcome }: Measurement): boolean =>
    outcome === 'failed' || (outcome === 'noData' && onNoData === 'fail');
  const said = describeReason(state.measurements.findLast(isCause));
  return verdict('failed', `check ${check.name} failed ${times(failures)}, ${failureLimit} allowed: ${said}`);
}

/** A release waits for a number of measurements; the guard goes on until it ends, whatever cannot be measured. */
function judgeEnd(check: Check, state: CheckState): CheckVerdict | undefined {
  if (state.during === 'guard') return undefined;
  const { errorLimit, count } = termsOf(check, state.during);
  const { error } = state.totals;
  const counted = countMeasurements(check, state);
  const missing = `${counted} of ${count} measurements`;
  if (error > errorLimit)
    return verdict(
      'error',
      `check ${check.name} could not be measured ${times(error)}, ${errorLimit} allowed: ${describeReason(lastOf(state, 'error'))}`,
    );
  if (counted >= count) return verdict('passed', describePassed(check, state));
  if (state.fruitlessSeconds < state.patienceSeconds) return undefined;
  const last = state.measurements.at(-1);
  return verdict(
    last?.outcome === 'error' || last?.outcome === 'noData' ? last.outcome : 'inconclusive',
    `check ${check.name} has ${missing}, and no other that counts within ${state.patienceSeconds} s: ${describeReason(last)}`,
  );
}

/** The guard has ended, and nothing failed more often than is allowed: what the run comes to. */
export function concludeCheck(check: Check, state: CheckState): CheckVerdict {
  const known = verdictOf(state) ?? judgeFailures(check, state);
  if (known !== undefined) return known;
  if (countMeasurements(check, state) > 0) return verdict('passed', describePassed(check, state));
  const last = state.measurements.at(-1);
  const outcome = last === undefined ? 'noData' : last.outcome;
  return verdict(outcome, `check ${check.name} has no measurement that counts: ${describeReason(last)}`);
}

/** No limit is exceeded, and the last measurement that said anything has passed, or none has said anything. */
export function isPassingNow(check: Check, state: CheckState): boolean {
  const plan = verdictOf(state) ?? judgeFailures(check, state);
  const last = state.measurements.findLast(({ outcome }) => outcome === 'passed' || outcome === 'failed');
  return (plan === undefined || plan.outcome !== 'failed') && last?.outcome !== 'failed';
}

/** The release goes back, or its guard ends early: nothing more is measured, and nothing that was measured decides. */
export function cancelledVerdict(name: string, reason: string): CheckVerdict {
  return verdict('cancelled', `check ${name} was cancelled: ${reason}`);
}

/**
 * The interval runs from the end of the last measurement. Where that lies ahead, the clock has gone back: one measurement
 * now puts the record on the new time. Where it lies far behind, one is due as well, and not those that were missed.
 */
function planMeasurement(check: Check, state: CheckState, now: number): CheckPlan {
  const { intervalMilliseconds } = termsOf(check, state.during);
  const last = state.measurements.at(-1)?.finishedAt;
  const since = Date.parse(last ?? state.startedAt);
  // The first look needs something to look at: a gateway's numbers are those of a window.
  const isFirst = last === undefined && check.provider.gateway === undefined;
  const due = isFirst ? since : since + intervalMilliseconds;
  const waitingFor = describeProgress(check, state);
  return now >= due || since > now
    ? { type: 'measure', number: nextNumber(state), waitingFor }
    : { type: 'wait', until: due, waitingFor };
}

function countMeasurements(check: Check, { totals, during }: CheckState): number {
  const { passed, failed, noData } = totals;
  return passed + failed + (termsOf(check, during).onNoData === 'wait' ? 0 : noData);
}

function verdict(outcome: GateOutcome, message: string): CheckVerdict {
  return { type: 'verdict', outcome, message };
}

function lastOf({ measurements }: CheckState, wanted: GateOutcome): Measurement | undefined {
  return measurements.findLast(({ outcome }) => outcome === wanted);
}

function describePassed(check: Check, state: CheckState): string {
  const { passed, failed, noData } = state.totals;
  const onNoData = termsOf(check, state.during).onNoData;
  const parts = [
    `${passed} passed`,
    ...(failed === 0 ? [] : [`${failed} failed, ${termsOf(check, state.during).failureLimit} allowed`]),
    ...(noData === 0 ? [] : [`${noData} without data${onNoData === 'pass' ? ', which count as passed' : ''}`]),
  ];
  return `check ${check.name} passed: of ${nextNumber(state) - 1} measurements ${parts.join(', ')}`;
}

/** Without a time in it that would make every look another status. */
function describeProgress(check: Check, state: CheckState): string {
  const last = state.measurements.at(-1);
  const said = last === undefined ? '' : ` (last ${last.outcome}: ${describeReason(last)})`;
  const { count } = termsOf(check, state.during);
  return state.during === 'guard'
    ? `check ${check.name} to hold until the guard ends${said}`
    : `check ${check.name} to pass: ${countMeasurements(check, state)} of ${count} measurements${said}`;
}

function describeReason(measurement: Measurement | undefined): string {
  if (measurement === undefined) return 'nothing was measured';
  const { reason, value = '' } = measurement;
  return reason ?? `value ${value}`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
