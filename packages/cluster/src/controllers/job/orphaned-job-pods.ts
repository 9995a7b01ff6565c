import type { Job, Pod } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import { keyOf, type ObjectKey } from '@slipway/kube/object';
import { controllerOf } from '@slipway/kube/owner-references';
import { jobs } from '@slipway/kube/resources';
import { absentAsUndefined } from '@slipway/kube/status-error';
import type { ControllerContext } from '../controller-context.ts';
import { byController } from '../shared-informers.ts';
import { isJobFinished } from './job-outcome.ts';
import { isTracked } from './job-pods.ts';
import { untrackPod } from './track-pods.ts';

export interface JobPodObserved {
  readonly pod: Pod;
  /** Who manages the pod now; undefined if nobody does. */
  readonly manager: 'nobody' | 'aJob' | 'another';
  /** Only of a manager that is a Job and exists. */
  readonly job: Job | undefined;
}

export type JobPodAction = { readonly kind: 'untrack'; readonly pod: Pod };

/** A pod whose Job is gone, or done, is counted by nobody: the finalizer would keep it forever. */
export function reconcileJobPod({ pod, manager, job }: JobPodObserved): Plan<JobPodAction> {
  const isWaitedFor = manager === 'another' || (job !== undefined && !isJobFinished(job));
  return { actions: isWaitedFor || !isTracked(pod) ? [] : [{ kind: 'untrack', pod }] };
}

export function startOrphanedJobPodController(context: ControllerContext): RunningController {
  const { informers } = context;
  return runController(new OrphanedJobPodController(context), {
    ...context,
    workers: 1,
    sources: [
      source(informers.pods, ({ current }) => (current !== undefined && isTracked(current) ? [keyOf(current)] : [])),
      source(informers.jobs, ({ old, current }) =>
        current === undefined || isJobFinished(current) ? podsOf(current ?? old, context) : [],
      ),
    ],
  });
}

function podsOf(job: Job | undefined, { informers }: ControllerContext): readonly ObjectKey[] {
  return informers.pods.byIndex(byController, job?.metadata.uid ?? '').map(keyOf);
}

class OrphanedJobPodController implements Controller<JobPodObserved, JobPodAction> {
  readonly name = 'orphaned-job-pod';
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  async observe(key: ObjectKey): Promise<JobPodObserved | undefined> {
    const pod = this.#context.informers.pods.get(key);
    if (pod === undefined || !isTracked(pod)) return undefined;
    const manager = controllerOf(pod);
    if (manager === undefined) return { pod, manager: 'nobody', job: undefined };
    if (manager.kind !== 'Job') return { pod, manager: 'another', job: undefined };
    return { pod, manager: 'aJob', job: await this.#jobOf({ ...key, name: manager.name }, manager.uid) };
  }

  /** The cache may lag behind a Job that was just created; only the API server knows that there is none. */
  async #jobOf(key: ObjectKey, uid: string): Promise<Job | undefined> {
    const { informers, client } = this.#context;
    const cached = informers.jobs.get(key);
    if (cached?.metadata.uid === uid) return cached;
    const live = await absentAsUndefined(client.get(jobs, key));
    return live?.metadata.uid === uid ? live : undefined;
  }

  reconcile(observed: JobPodObserved): Plan<JobPodAction> {
    return reconcileJobPod(observed);
  }

  async apply({ actions }: Plan<JobPodAction>): Promise<void> {
    for (const { pod } of actions) await untrackPod(this.#context.client, pod);
  }
}
