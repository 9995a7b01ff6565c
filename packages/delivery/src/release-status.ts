import { formatMicroTime } from '@slipway/kube/clock';
import type { ReleasePhase, ReleaseStatus } from './api/release.ts';

const maximumTransitions = 200;

export const initialStatus: ReleaseStatus = { phase: 'Pending' };

/** The status in another phase, with the change on record. */
export function inPhase(
  status: ReleaseStatus,
  phase: ReleasePhase,
  at: { readonly now: number; readonly reason?: string },
): ReleaseStatus {
  if (status.phase === phase) return status;
  const transition = { phase, at: formatMicroTime(at.now), ...(at.reason === undefined ? {} : { reason: at.reason }) };
  const { waitingFor: _, waitingSince: __, ...rest } = status;
  return {
    ...rest,
    phase,
    progressedAt: formatMicroTime(at.now),
    transitions: [...(status.transitions ?? []), transition].slice(-maximumTransitions),
  };
}

/** The status with the sentence that names what is waited for; the time is that of the sentence's first appearance. */
export function waiting(status: ReleaseStatus, sentence: string, now: number): ReleaseStatus {
  return status.waitingFor === sentence
    ? status
    : { ...status, waitingFor: sentence, waitingSince: formatMicroTime(now) };
}

/** Ends the attempt that is under way. */
export function finished(
  status: ReleaseStatus,
  phase: ReleasePhase,
  at: { readonly now: number; readonly reason: string },
): ReleaseStatus {
  const endedAt = formatMicroTime(at.now);
  const attempts = (status.attempts ?? []).map((attempt) =>
    attempt.endedAt === undefined ? { ...attempt, endedAt, outcome: phase } : attempt,
  );
  return { ...inPhase(status, phase, at), finishedAt: endedAt, attempts };
}

/** When something last moved, in milliseconds. */
export function progressedAt(status: ReleaseStatus, fallback: number): number {
  return status.progressedAt === undefined ? fallback : Date.parse(status.progressedAt);
}
