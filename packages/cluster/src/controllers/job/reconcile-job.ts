import type { Job, JobStatus, Pod } from '@slipway/kube/api.generated';
import type { Plan } from '@slipway/kube/controller';
import { planClaims } from '../ownership/claims.ts';
import { isSemanticallyEqual } from '../semantic-equality.ts';
import type { FailureHistory } from './backoff.ts';
import { countEnded } from './job-books.ts';
import { decideOutcome, isJobFinished, untilDeadline } from './job-outcome.ts';
import { calculateJobStatus } from './job-status.ts';
import { viewJob } from './job-view.ts';
import { planPods, type PodAction } from './plan-pods.ts';

export interface JobObserved {
  readonly job: Job;
  /** Nothing new may be created where everything is being deleted. */
  readonly isNamespaceLeaving: boolean;
  /** Managed by the Job, or by nobody and in its namespace. */
  readonly candidates: readonly Pod[];
  readonly history: FailureHistory;
}

export type JobAction =
  | { readonly kind: 'adopt' | 'release'; readonly pod: Pod }
  | { readonly kind: 'writeStatus'; readonly status: JobStatus }
  | { readonly kind: 'untrackPods'; readonly pods: readonly Pod[] }
  | PodAction;

/**
 * The books come before the finalizers, and both before pods come and go: a pod that nobody holds any more has been
 * written down, and what the status says was true before anything followed from it.
 */
export function reconcileJob(observed: JobObserved, now: number): Plan<JobAction> {
  const { job, candidates, history, isNamespaceLeaving } = observed;
  if (isJobFinished(job)) return { actions: [] };
  const claims = planClaims(job, job.spec?.selector ?? {}, candidates);
  const view = viewJob(job, claims.owned);
  const outcome = decideOutcome(view, now);
  const counting = countEnded(view, outcome);
  const status = calculateJobStatus(view, { outcome, counting, now });
  const pods = planPods(view, { outcome, history, isNamespaceLeaving, now });
  return {
    actions: [
      ...claims.toRelease.map((pod): JobAction => ({ kind: 'release', pod })),
      ...claims.toAdopt.map((pod): JobAction => ({ kind: 'adopt', pod })),
      ...(isSemanticallyEqual(status, job.status) ? [] : [{ kind: 'writeStatus', status } as const]),
      ...(counting.toUntrack.length === 0 ? [] : [{ kind: 'untrackPods', pods: counting.toUntrack } as const]),
      ...pods.actions,
    ],
    requeueAfter: soonest([
      pods.requeueAfter,
      outcome === undefined ? untilDeadline({ ...job, status }, now) : undefined,
    ]),
  };
}

function soonest(waits: ReadonlyArray<number | undefined>): number | undefined {
  const known = waits.flatMap((wait) => wait ?? []);
  return known.length === 0 ? undefined : Math.max(0, Math.min(...known));
}
