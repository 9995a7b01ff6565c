/** When a hook is over, and what its end means for the release. */
import type { Hook, HookTime } from '../api/hook.ts';
import type { GateResult, ReleaseSpec, ReleaseStatus } from '../api/release.ts';
import { attemptOf } from '../release-status.ts';
import { findHookGate } from './hook-gates.ts';
import type { HookRun } from './hook-run.ts';

/** In this attempt, or for good in an earlier one: what had failed or was cancelled is what a retry is for. */
export function isOver(gate: GateResult, { hook, during, attempt }: Omit<HookRun, 'key'>): boolean {
  if (gate.outcome === undefined) return false;
  if (gate.attempt === attempt) return true;
  const isDone = gate.outcome === 'passed' || (gate.outcome !== 'cancelled' && policyOf(hook, during) === 'ignore');
  return isDone && hook.everyAttempt !== true;
}

/** Whether the release may go on after it. */
export function isGood({ outcome }: GateResult, { hook, during }: Pick<HookRun, 'hook' | 'during'>): boolean {
  return outcome === 'passed' || policyOf(hook, during) === 'ignore';
}

/** A version that has been promoted is not taken back for what comes after. */
export function policyOf({ onFailure }: Hook, during: HookTime): NonNullable<Hook['onFailure']> {
  return onFailure ?? (during === 'beforeRelease' || during === 'beforePromotion' ? 'fail' : 'ignore');
}

/** All of one time, by what is on record, so that the release may go on. */
export function haveHooksEnded(
  { hooks }: Pick<ReleaseSpec, 'hooks'>,
  status: ReleaseStatus,
  during: HookTime,
): boolean {
  return (hooks?.[during] ?? []).every((hook) => {
    const gate = findHookGate(status, hook.name);
    const run = { hook, during, attempt: attemptOf(status) };
    return gate !== undefined && isOver(gate, run) && isGood(gate, run);
  });
}
