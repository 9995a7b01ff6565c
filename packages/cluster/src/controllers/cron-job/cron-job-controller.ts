import type { CronJob, CronJobStatus, Job } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import type { InformerChange } from '@slipway/kube/informer';
import { messageOf } from '@slipway/kube/message-of';
import { keyOf, type ObjectKey } from '@slipway/kube/object';
import { controllerOf } from '@slipway/kube/owner-references';
import { afterOwnWrites } from '@slipway/kube/own-writes';
import { cronJobs, jobs } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import type { ControllerContext } from '../controller-context.ts';
import { partsFor, type ControllerParts } from '../controller-parts.ts';
import { byController } from '../shared-informers.ts';
import { writeStatus } from '../write-status.ts';
import { reconcileCronJob, type CronJobAction, type CronJobObserved } from './reconcile-cron-job.ts';

export function startCronJobController(context: ControllerContext): RunningController {
  const parts = partsFor(context, 'cronjob-controller');
  const { informers } = context;
  return runController(afterOwnWrites(new CronJobController(parts), parts.writes), {
    ...context,
    sources: [
      source(informers.cronJobs, ({ current }) => (current === undefined ? [] : [keyOf(current)])),
      source(informers.jobs, keysOfJob),
    ],
  });
}

function keysOfJob({ old, current }: InformerChange<Job>): readonly ObjectKey[] {
  const job = current ?? old;
  const owner = job === undefined ? undefined : controllerOf(job);
  return owner?.kind === cronJobs.kind ? [{ namespace: job?.metadata.namespace, name: owner.name }] : [];
}

class CronJobController implements Controller<CronJobObserved, CronJobAction, CronJobStatus> {
  readonly name = 'cronjob';
  readonly #parts: ControllerParts;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
  }

  observe(key: ObjectKey): CronJobObserved | undefined {
    const { informers } = this.#parts.context;
    const cronJob = informers.cronJobs.get(key);
    if (cronJob === undefined) return undefined;
    return { cronJob, jobs: informers.jobs.byIndex(byController, cronJob.metadata.uid ?? '') };
  }

  reconcile(observed: CronJobObserved, now: number): Plan<CronJobAction, CronJobStatus> {
    return reconcileCronJob(observed, now);
  }

  async apply(plan: Plan<CronJobAction, CronJobStatus>, { cronJob }: CronJobObserved): Promise<void> {
    const { client, informers } = this.#parts.context;
    if (plan.status !== undefined) {
      const written = await writeStatus(client, cronJobs, { object: cronJob, status: plan.status });
      this.#parts.writes.wrote(keyOf(cronJob), informers.cronJobs, written);
    }
    for (const action of plan.actions) await this.#act(action, cronJob);
  }

  async #act(action: CronJobAction, cronJob: CronJob): Promise<void> {
    switch (action.kind) {
      case 'create':
        await this.#create(cronJob, action.job);
        return;
      case 'delete':
        await this.#delete(cronJob, action);
        return;
      case 'recordEvent':
        this.#parts.events.event({ object: cronJob, type: cronJobs }, action);
    }
  }

  async #create(cronJob: CronJob, job: Job): Promise<void> {
    const { client, informers } = this.#parts.context;
    try {
      const created = await client.create(jobs, job);
      this.#parts.writes.wrote(keyOf(cronJob), informers.jobs, created);
      this.#event(cronJob, 'SuccessfulCreate', `Created job ${created.metadata.name ?? ''}`);
    } catch (error) {
      // Ours, and not in the cache yet; or one of another owner, which stands in its place.
      if (isStatusReason(error, 'AlreadyExists')) return;
      this.#event(cronJob, 'FailedCreate', `Error creating job: ${messageOf(error)}`);
      throw error;
    }
  }

  async #delete(cronJob: CronJob, { job, isReplaced }: CronJobAction & { readonly kind: 'delete' }): Promise<void> {
    const { client, informers } = this.#parts.context;
    const { uid, name = '' } = job.metadata;
    try {
      await client.delete(jobs, keyOf(job), { propagationPolicy: 'Background', preconditions: { uid } });
      if (isReplaced) this.#event(cronJob, 'SuccessfulDelete', `Deleted job ${name}`);
    } catch (error) {
      // Gone already, or another of that name: what was wanted.
      if (!isStatusReason(error, 'NotFound', 'Conflict')) throw error;
    }
    this.#parts.writes.deleted(keyOf(cronJob), informers.jobs, job);
  }

  #event(object: CronJob, reason: string, message: string): void {
    const type = reason.startsWith('Failed') ? 'Warning' : 'Normal';
    this.#parts.events.event({ object, type: cronJobs }, { type, reason, message });
  }
}
