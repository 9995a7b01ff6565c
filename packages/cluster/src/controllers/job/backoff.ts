import type { Job, Pod } from '@slipway/kube/api.generated';
import {
  failureCountOf,
  finishedAt,
  ignoredFailureCountOf,
  isFailed,
  isSucceeded,
  isTracked,
  uidOf,
} from './job-pods.ts';

const firstDelay = 10_000;
const longestDelay = 600_000;
/** From this many failures on the delay is the longest. */
const rememberedFailures = 8;

/** The latest failures of a Job. A pod that is gone is still remembered; one that is told twice counts once. */
export interface FailureHistory {
  readonly failures: ReadonlyArray<{
    readonly uid: string;
    /** In milliseconds since the epoch. */ readonly at: number;
  }>;
  readonly lastSuccess: number | undefined;
}

export const noFailures: FailureHistory = { failures: [], lastSuccess: undefined };

export function rememberFailures(history: FailureHistory, pods: readonly Pod[], job: Job): FailureHistory {
  const failures = new Map(history.failures.map(({ uid, at }) => [uid, at]));
  let lastSuccess = history.lastSuccess ?? Number.NEGATIVE_INFINITY;
  for (const pod of pods) {
    if (isSucceeded(pod)) lastSuccess = Math.max(lastSuccess, finishedAt(pod));
    // A pod that was withdrawn has lost its finalizer before it was deleted, and is no failure.
    else if (isFailed(pod, job) && (isTracked(pod) || pod.metadata.deletionTimestamp === undefined))
      failures.set(uidOf(pod), finishedAt(pod));
  }
  const latest = [...failures].map(([uid, at]) => ({ uid, at })).toSorted((a, b) => b.at - a.at);
  return {
    failures: latest.filter(({ at }) => at > lastSuccess).slice(0, rememberedFailures),
    lastSuccess: Number.isFinite(lastSuccess) ? lastSuccess : undefined,
  };
}

/** Milliseconds until a Job may replace what has failed since its last success: 10 s after the first, then 20, 40, up to 600. */
export function untilNextAttempt({ failures }: FailureHistory, now: number): number {
  const [last] = failures;
  return last === undefined ? 0 : Math.max(0, last.at + delayAfter(failures.length) - now);
}

/** The same for one index, whose latest failed pod carries how often it has failed. */
export function untilNextAttemptOfIndex(lastFailed: Pod, now: number): number {
  const failures = failureCountOf(lastFailed) + ignoredFailureCountOf(lastFailed) + 1;
  return Math.max(0, finishedAt(lastFailed) + delayAfter(failures) - now);
}

function delayAfter(failures: number): number {
  return Math.min(longestDelay, firstDelay * 2 ** (failures - 1));
}
