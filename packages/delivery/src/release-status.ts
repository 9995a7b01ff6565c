import { formatMicroTime } from '@slipway/kube/clock';
import { cancelRuns } from './gates/metric/follow-check.ts';
import type { ReleaseAttempt, ReleasePhase, ReleaseStatus } from './api/release.ts';

const maximumTransitions = 200;

export const initialStatus: ReleaseStatus = { phase: 'Pending' };

/** The steps of the strategy lie behind these; how many were done stays known, for whom takes back an abort. */
const phasesAfterSteps: ReadonlySet<ReleasePhase> = new Set([
  'Promoting',
  'Guarding',
  'Succeeded',
  'RolledBack',
  'Failed',
  'Superseded',
]);

/** What a phase waits for before anybody has looked at it: a controller may be killed right after it was written down. */
const openings: Partial<Record<ReleasePhase, string>> = {
  Progressing: 'the next step of the release',
  Promoting: 'the traffic to move',
  Paused: 'a person to resume it',
  Guarding: 'the guard to begin',
  RollingBack: 'the way back to begin',
};

/** The status in another phase, with the change on record. */
export function inPhase(
  status: ReleaseStatus,
  phase: ReleasePhase,
  at: { readonly now: number; readonly reason?: string },
): ReleaseStatus {
  if (status.phase === phase) return status;
  const transition = { phase, at: formatMicroTime(at.now), ...(at.reason === undefined ? {} : { reason: at.reason }) };
  const { waitingFor: _, waitingSince: __, standingSince: ___, countedAt: ____, ...rest } = status;
  const next: ReleaseStatus = {
    ...(phasesAfterSteps.has(phase) ? withoutStep(rest) : rest),
    phase,
    progressedAt: formatMicroTime(at.now),
    transitions: [...(status.transitions ?? []), transition].slice(-maximumTransitions),
  };
  const opening = openings[phase];
  return opening === undefined ? next : waiting(next, opening, at.now);
}

function withoutStep({ step: _, stepSince: __, ...status }: ReleaseStatus): ReleaseStatus {
  return status;
}

/** The status with the sentence that names what is waited for; the time is that of the sentence's first appearance. */
export function waiting(status: ReleaseStatus, sentence: string, now: number): ReleaseStatus {
  return status.waitingFor === sentence
    ? status
    : { ...status, waitingFor: sentence, waitingSince: formatMicroTime(now) };
}

/** Checks that still run end without a verdict of their own. */
export function withoutOpenChecks(status: ReleaseStatus, reason: string, now: number): ReleaseStatus {
  return status.checks === undefined ? status : { ...status, checks: cancelRuns(status.checks, { reason, now }) };
}

/** With one step of the strategy more that is done. */
export function afterStep({ stepSince: _, ...status }: ReleaseStatus): ReleaseStatus {
  return { ...status, stepIndex: (status.stepIndex ?? 0) + 1 };
}

const maximumAttempts = 10;

/** With one attempt more; the numbers go on where older ones are forgotten. */
export function withAttempt(status: ReleaseStatus, attempt: Omit<ReleaseAttempt, 'number'>): ReleaseStatus {
  const attempts = status.attempts ?? [];
  const number = (attempts.at(-1)?.number ?? 0) + 1;
  return { ...status, attempts: [...attempts, { number, ...attempt }].slice(-maximumAttempts) };
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
  const ended = { ...inPhase(status, phase, at), finishedAt: endedAt, attempts };
  return phase === 'Succeeded' ? serving(ended) : ended;
}

/** What it says of an earlier time in service is over. */
function serving({ servedUntil: _, ...status }: ReleaseStatus): ReleaseStatus {
  return status;
}

/** The deadline for progress stands still from now on. */
export function standing(status: ReleaseStatus, now: number): ReleaseStatus {
  return { ...status, standingSince: status.standingSince ?? formatMicroTime(now) };
}

/** The deadline counts again; the time that it stood still is not counted. */
export function moving(status: ReleaseStatus, now: number): ReleaseStatus {
  const { standingSince, ...rest } = status;
  if (standingSince === undefined) return status;
  const countedAt = formatMicroTime(now);
  return {
    ...rest,
    countedAt,
    progressedAt: formatMicroTime(progressedAt(status, now) + now - Date.parse(standingSince)),
  };
}

/** The number of the attempt under way. */
export function attemptOf({ attempts }: ReleaseStatus): number {
  return attempts?.at(-1)?.number ?? 1;
}

/** The same where one has begun. */
export function attemptStart({ attempts }: ReleaseStatus): number | undefined {
  const text = attempts?.at(-1)?.startedAt;
  return text === undefined ? undefined : Date.parse(text);
}

/** When the attempt under way began, in milliseconds. */
export function startedAt(status: ReleaseStatus, fallback: number): number {
  const text = status.attempts?.at(-1)?.startedAt ?? status.startedAt;
  return text === undefined ? fallback : Date.parse(text);
}

/** When something last moved, in milliseconds. */
export function progressedAt(status: ReleaseStatus, fallback: number): number {
  return status.progressedAt === undefined ? fallback : Date.parse(status.progressedAt);
}
