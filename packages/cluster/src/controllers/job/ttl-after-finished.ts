import type { Job } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import { keyOf, type ObjectKey } from '@slipway/kube/object';
import { jobs } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import type { ControllerContext } from '../controller-context.ts';
import { isJobFinished } from './job-outcome.ts';

export type TtlAction = { readonly kind: 'delete'; readonly job: Job };

/** Deletes a Job `ttlSecondsAfterFinished` after its end. https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/ */
export function reconcileTtl(job: Job, now: number): Plan<TtlAction> {
  const ttl = job.spec?.ttlSecondsAfterFinished;
  if (ttl === undefined || !isJobFinished(job) || job.metadata.deletionTimestamp !== undefined) return { actions: [] };
  const wait = finishedAt(job) + ttl * 1_000 - now;
  return wait > 0 ? { actions: [], requeueAfter: wait } : { actions: [{ kind: 'delete', job }] };
}

function finishedAt({ status }: Job): number {
  const end = status?.conditions?.find(
    (each) => (each.type === 'Complete' || each.type === 'Failed') && each.status === 'True',
  );
  return Date.parse(end?.lastTransitionTime ?? '1970-01-01T00:00:00Z');
}

export function startTtlAfterFinishedController(context: ControllerContext): RunningController {
  return runController(new TtlAfterFinishedController(context), {
    ...context,
    workers: 1,
    sources: [source(context.informers.jobs, ({ current }) => (current === undefined ? [] : [keyOf(current)]))],
  });
}

class TtlAfterFinishedController implements Controller<Job, TtlAction> {
  readonly name = 'ttl-after-finished';
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  observe(key: ObjectKey): Job | undefined {
    return this.#context.informers.jobs.get(key);
  }

  reconcile(job: Job, now: number): Plan<TtlAction> {
    return reconcileTtl(job, now);
  }

  /** What the cache says may be old: a time to live that was raised meanwhile changes the version. */
  async apply({ actions }: Plan<TtlAction>): Promise<void> {
    for (const { job } of actions) {
      const { uid, resourceVersion } = job.metadata;
      try {
        const options = { propagationPolicy: 'Foreground', preconditions: { uid, resourceVersion } } as const;
        await this.#context.client.delete(jobs, keyOf(job), options);
      } catch (error) {
        if (!isStatusReason(error, 'NotFound')) throw error;
      }
    }
  }
}
