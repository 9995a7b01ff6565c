/** The record of one run of a check: begun, added to by each measurement, ended once. It is all that a restart needs. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { GateOutcome } from '../../api/gate-outcome.ts';
import type { Check, CheckState, CheckTime, Measurement, TrafficWindow } from '../../api/check.ts';
import { termsOf } from './terms.ts';

const maximumMeasurements = 20;
const maximumTextLength = 300;
const maximumQueryLength = 1_024;
/** A measurement may take so long beyond the interval; time beyond both was not spent on measuring. */
const measuringMilliseconds = 15_000;

export interface CheckStart {
  readonly check: Check;
  readonly during: CheckTime;
  readonly step?: string | undefined;
  readonly attempt: number;
  /** How long to go on without a measurement that counts: the release's `progressDeadlineSeconds`. */
  readonly patienceSeconds: number;
  readonly now: number;
  /** Where the gateway measures: what it has counted so far. */
  readonly window?: TrafficWindow | undefined;
}

export function startCheck({ check, during, step, attempt, patienceSeconds, now, window }: CheckStart): CheckState {
  return {
    name: check.name,
    during,
    ...(step === undefined ? {} : { step }),
    attempt,
    startedAt: formatMicroTime(now),
    patienceSeconds,
    fruitlessSeconds: 0,
    totals: { passed: 0, failed: 0, inconclusive: 0, noData: 0, error: 0 },
    measurements: [],
    ...(window === undefined ? {} : { window }),
  };
}

const maximumRuns = 64;

type RunKey = Pick<CheckState, 'name' | 'during' | 'attempt' | 'step'>;

export function findRun(runs: readonly CheckState[] = [], key: RunKey): CheckState | undefined {
  return runs.find((run) => isSameRun(run, key));
}

/** In its place, or as the newest; the oldest are forgotten beyond the bound. */
export function withRun(runs: readonly CheckState[] = [], run: CheckState): readonly CheckState[] {
  const isKnown = runs.some((each) => isSameRun(each, run));
  return isKnown ? runs.map((each) => (isSameRun(each, run) ? run : each)) : [...runs, run].slice(-maximumRuns);
}

/** How much is left of the records of runs where a status is too large. What decides stays: totals, times and the verdict. */
export interface RunBounds {
  readonly measurements: number;
  readonly textLength: number;
  /** A gateway that is left out counts as one that is first seen. */
  readonly readings: number;
}

export function cutRun(run: CheckState, { measurements, textLength, readings }: RunBounds): CheckState {
  const { message, query, baselineQuery, window } = run;
  const kept = run.measurements.slice(-measurements);
  return {
    ...run,
    measurements: kept.map((each) => bounded(each, textLength)),
    ...(message === undefined ? {} : { message: shorten(message, textLength) }),
    ...(query === undefined ? {} : { query: shorten(query, textLength) }),
    ...(baselineQuery === undefined ? {} : { baselineQuery: shorten(baselineQuery, textLength) }),
    ...(window === undefined ? {} : { window: { ...window, readings: window.readings.slice(-readings) } }),
  };
}

function isSameRun(a: RunKey, b: RunKey): boolean {
  return a.name === b.name && a.during === b.during && a.attempt === b.attempt && a.step === b.step;
}

/** A measurement with what is kept once for all of them. */
export interface TakenMeasurement {
  readonly measurement: Measurement;
  readonly query?: string | undefined;
  readonly baselineQuery?: string | undefined;
  readonly window?: TrafficWindow | undefined;
}

export function nextNumber({ totals }: CheckState): number {
  return Object.values(totals).reduce((sum, count) => sum + count, 1);
}

/** Taking the same one twice, or one that comes after the end, changes nothing. */
export function recordMeasurement(check: Check, state: CheckState, taken: TakenMeasurement): CheckState {
  const { measurement, query, baselineQuery, window } = taken;
  if (state.outcome !== undefined || measurement.number !== nextNumber(state)) return state;
  const { outcome } = measurement;
  return {
    ...state,
    totals: { ...state.totals, [outcome]: state.totals[outcome] + 1 },
    fruitlessSeconds: isCounted(check, state, outcome)
      ? 0
      : state.fruitlessSeconds + spentOn(check, state, measurement),
    measurements: [...state.measurements, bounded(measurement, maximumTextLength)].slice(-maximumMeasurements),
    ...(query === undefined ? {} : { query: shorten(query, maximumQueryLength) }),
    ...(baselineQuery === undefined ? {} : { baselineQuery: shorten(baselineQuery, maximumQueryLength) }),
    ...(window === undefined ? {} : { window }),
  };
}

function isCounted(check: Check, { during }: CheckState, outcome: Measurement['outcome']): boolean {
  const { onNoData } = termsOf(check, during);
  return outcome === 'passed' || outcome === 'failed' || (outcome === 'noData' && onNoData !== 'wait');
}

/** Seconds since the measurement before. What a pause, a dead controller or a clock that jumps adds is not patience lost. */
function spentOn(check: Check, state: CheckState, { finishedAt }: Measurement): number {
  const { intervalMilliseconds } = termsOf(check, state.during);
  const before = state.measurements.at(-1)?.finishedAt ?? state.startedAt;
  const elapsed = Date.parse(finishedAt) - Date.parse(before);
  const spent = elapsed < 0 ? intervalMilliseconds : Math.min(elapsed, intervalMilliseconds + measuringMilliseconds);
  return Math.round(spent / 1_000);
}

/** The verdict stays as it is, whatever is said later. */
export function endCheck(
  state: CheckState,
  outcome: GateOutcome,
  ending: { message: string; now: number },
): CheckState {
  if (state.outcome !== undefined) return state;
  const { window: _, ...kept } = state;
  const message = shorten(ending.message, maximumTextLength);
  return { ...kept, outcome, message, endedAt: formatMicroTime(ending.now) };
}

function bounded(measurement: Measurement, length: number): Measurement {
  const { reason } = measurement;
  return reason === undefined ? measurement : { ...measurement, reason: shorten(reason, length) };
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
