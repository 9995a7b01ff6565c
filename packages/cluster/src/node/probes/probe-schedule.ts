/**
 * When a probe asks next and what its answers mean, as the kubelet's prober has it, with one addition: a startup or readiness
 * probe that has not succeeded yet asks again after 50, 100, 200 ms and so on between its regular attempts. An extra attempt
 * that fails counts for nothing; one that succeeds counts as a success.
 */
import type { Probe } from '@slipway/kube/api.generated';

export type ProbeKind = 'startup' | 'readiness' | 'liveness';

export interface ProbeState {
  readonly firstAt: number;
  /** Of the last regular attempt. */
  readonly regularAt: number | undefined;
  readonly extraAttempts: number;
  readonly endedAt: number;
  readonly everSucceeded: boolean;
  /** Equal answers in a row. */
  readonly run: { readonly success: boolean; readonly length: number };
  /** What the answers so far amount to. */
  readonly verdict: 'unknown' | 'success' | 'failure';
}

export interface Attempt {
  readonly at: number;
  readonly counts: boolean;
}

const firstExtraDelay = 50;

export function newProbeState(
  kind: ProbeKind,
  probe: Probe,
  { startedAt, now }: { readonly startedAt: number; readonly now: number },
): ProbeState {
  return {
    firstAt: Math.max(startedAt + (probe.initialDelaySeconds ?? 0) * 1000, now),
    regularAt: undefined,
    extraAttempts: 0,
    endedAt: now,
    everSucceeded: false,
    run: { success: false, length: 0 },
    verdict: kind === 'liveness' ? 'success' : kind === 'readiness' ? 'failure' : 'unknown',
  };
}

function periodOf(probe: Probe): number {
  return (probe.periodSeconds ?? 10) * 1000;
}

/** With a period of 1 s and failures that take no time: 0, 50, 150, 350, 750, 1000 (regular), 1800, 2000 (regular), 3000, ... */
export function planAttempt(state: ProbeState, kind: ProbeKind, probe: Probe): Attempt {
  if (state.regularAt === undefined) return { at: state.firstAt, counts: true };
  const regular = Math.max(state.regularAt + periodOf(probe), state.endedAt);
  const extra = state.endedAt + firstExtraDelay * 2 ** Math.min(state.extraAttempts, 20);
  const hurries = kind !== 'liveness' && !state.everSucceeded && extra < regular;
  return hurries ? { at: extra, counts: false } : { at: regular, counts: true };
}

export interface Answer {
  readonly success: boolean;
  readonly endedAt: number;
}

export function advanceProbe(
  state: ProbeState,
  probe: Probe,
  { attempt, answer }: { readonly attempt: Attempt; readonly answer: Answer },
): ProbeState {
  const moved = {
    ...state,
    endedAt: answer.endedAt,
    regularAt: attempt.counts ? attempt.at : state.regularAt,
    extraAttempts: attempt.counts ? state.extraAttempts : state.extraAttempts + 1,
  };
  if (!attempt.counts && !answer.success) return moved;
  const run = { success: answer.success, length: state.run.success === answer.success ? state.run.length + 1 : 1 };
  const threshold = answer.success ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
  const verdict = run.length < threshold ? state.verdict : answer.success ? 'success' : 'failure';
  // A success between regular attempts takes the place of the next one.
  const regularAt = answer.success ? attempt.at : moved.regularAt;
  return { ...moved, run, verdict, regularAt, everSucceeded: state.everSucceeded || answer.success };
}
