/** What a phase asks of the checks: one look at a run, and how all of them end. Pure; only the records change. */
import type { Split } from '@slipway/kube/split';
import type { Check, CheckState, CheckTime } from '../../api/check.ts';
import { endCheck, findRun, startCheck, withRun, type TakenMeasurement } from './check-state.ts';
import { advanceCheck, cancelledVerdict, concludeCheck, decideCheck, type CheckPlan } from './decide-check.ts';
import { openWindow } from './gateway-counts.ts';
import type { Subject } from './subject.ts';

export interface CheckLook {
  readonly check: Check;
  /** `status.checks` of the release. */
  readonly runs: readonly CheckState[] | undefined;
  readonly during: CheckTime;
  /** Of the strategy, where one waits for this run. */
  readonly step?: string | undefined;
  readonly attempt: number;
  /** `progressDeadlineSeconds` of the release. */
  readonly patienceSeconds: number;
  readonly subject: Subject;
  readonly split: Split | undefined;
  /** What was measured of this run since, if anything. */
  readonly taken?: TakenMeasurement | undefined;
  readonly now: number;
}

export interface FollowedCheck {
  /** For `status.checks`. */
  readonly runs: readonly CheckState[];
  readonly state: CheckState;
  readonly plan: CheckPlan;
}

/** Begins the run with the first look, adds what was measured, and says what comes next. */
export function followCheck(look: CheckLook): FollowedCheck {
  const { check, runs, during, step, attempt, taken, now } = look;
  const known = findRun(runs, { name: check.name, during, step, attempt }) ?? beginRun(look);
  const state = advanceCheck(check, known, { taken, now });
  return { runs: withRun(runs, state), state, plan: decideCheck(check, state, now) };
}

function beginRun(look: CheckLook): CheckState {
  const { check } = look;
  const window = check.provider.gateway === undefined ? undefined : openWindow(check, look);
  return startCheck({ ...look, window });
}

/** The release goes back, or is promoted by a person: what still runs ends without a verdict of its own. */
export function cancelRuns(
  runs: readonly CheckState[] = [],
  { reason, now }: { readonly reason: string; readonly now: number },
): readonly CheckState[] {
  return runs.map((run) => {
    const { outcome, message } = cancelledVerdict(run.name, reason);
    return endCheck(run, outcome, { message, now });
  });
}

/** The guard has ended. */
export function concludeRuns(
  runs: readonly CheckState[] = [],
  { checks, now }: { readonly checks: readonly Check[]; readonly now: number },
): readonly CheckState[] {
  return runs.map((run) => {
    const check = run.during === 'guard' ? checks.find(({ name }) => name === run.name) : undefined;
    if (check === undefined) return run;
    const { outcome, message } = concludeCheck(check, run);
    return endCheck(run, outcome, { message, now });
  });
}
