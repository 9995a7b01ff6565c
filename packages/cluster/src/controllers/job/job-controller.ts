import type { Job, JobStatus, Pod } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import type { InformerChange } from '@slipway/kube/informer';
import { messageOf } from '@slipway/kube/message-of';
import { keyOf, keyString, type ObjectKey } from '@slipway/kube/object';
import { controllerOf } from '@slipway/kube/owner-references';
import { jobs, pods } from '@slipway/kube/resources';
import { matchesLabelSelector } from '@slipway/kube/selector';
import { isStatusReason } from '@slipway/kube/status-error';
import type { ControllerContext } from '../controller-context.ts';
import { partsFor, type ControllerParts } from '../controller-parts.ts';
import { afterOwnWrites } from '@slipway/kube/own-writes';
import { adopt, release } from '../ownership/write-claims.ts';
import { slowStart } from '../replica-set/slow-start.ts';
import { byController, byNamespace, candidatesOf } from '../shared-informers.ts';
import { noFailures, rememberFailures, type FailureHistory } from './backoff.ts';
import { eventsOf } from './job-events.ts';
import { isJobFinished } from './job-outcome.ts';
import { trackingFinalizer } from './job-pods.ts';
import { reconcileJob, type JobAction, type JobObserved } from './reconcile-job.ts';
import { untrackPod } from './track-pods.ts';

/** Deletions, and finalizers taken away, at once. */
const batchSize = 50;

export function startJobController(context: ControllerContext): RunningController {
  const parts = partsFor(context, 'job-controller');
  const { informers } = context;
  return runController(afterOwnWrites(new JobController(parts), parts.writes), {
    ...context,
    sources: [
      source(informers.jobs, ({ old, current }) =>
        [current ?? old].flatMap((job) => (job === undefined ? [] : keyOf(job))),
      ),
      source(informers.pods, (change) => keysOfPod(change, context)),
    ],
  });
}

function* keysOfPod({ old, current }: InformerChange<Pod>, { informers }: ControllerContext): Iterable<ObjectKey> {
  const [before, after] = [managerOf(old), managerOf(current)];
  if (after !== undefined) yield after;
  if (before !== undefined && before.name !== after?.name) yield before;
  if (current === undefined || controllerOf(current) !== undefined) return;
  for (const job of informers.jobs.byIndex(byNamespace, current.metadata.namespace ?? '')) {
    if (matchesLabelSelector(job.spec?.selector, current.metadata.labels)) yield keyOf(job);
  }
}

function managerOf(pod: Pod | undefined): ObjectKey | undefined {
  const reference = pod === undefined ? undefined : controllerOf(pod);
  return reference?.kind === 'Job' ? { namespace: pod?.metadata.namespace, name: reference.name } : undefined;
}

class JobController implements Controller<JobObserved, JobAction> {
  readonly name = 'job';
  readonly #parts: ControllerParts;
  /** By uid, of Jobs that go on; what a restart forgets is read again from the pods that are left. */
  readonly #histories = new Map<string, FailureHistory>();
  /** By key: whose history it is. */
  readonly #uids = new Map<string, string>();

  constructor(parts: ControllerParts) {
    this.#parts = parts;
  }

  observe(key: ObjectKey): JobObserved | undefined {
    const { informers } = this.#parts.context;
    const job = informers.jobs.get(key);
    const uid = job?.metadata.uid ?? '';
    if (this.#uids.get(keyString(key)) !== uid) this.#forget(key);
    if (job === undefined || isJobFinished(job)) {
      this.#forget(key);
      return undefined;
    }
    const namespace = informers.namespaces.get({ name: key.namespace ?? '' });
    return {
      job,
      isNamespaceLeaving: namespace?.metadata.deletionTimestamp !== undefined,
      candidates: candidatesOf(job, informers.pods),
      history: this.#remember(key, job, informers.pods.byIndex(byController, uid)),
    };
  }

  #remember(key: ObjectKey, job: Job, own: readonly Pod[]): FailureHistory {
    const uid = job.metadata.uid ?? '';
    const history = rememberFailures(this.#histories.get(uid) ?? noFailures, own, job);
    this.#histories.set(uid, history);
    this.#uids.set(keyString(key), uid);
    return history;
  }

  #forget(key: ObjectKey): void {
    this.#histories.delete(this.#uids.get(keyString(key)) ?? '');
    this.#uids.delete(keyString(key));
  }

  reconcile(observed: JobObserved, now: number): Plan<JobAction> {
    return reconcileJob(observed, now);
  }

  async apply({ actions }: Plan<JobAction>, { job }: JobObserved): Promise<void> {
    for (const action of actions) await this.#act(action, job);
  }

  async #act(action: JobAction, job: Job): Promise<void> {
    const { client, informers } = this.#parts.context;
    const key = keyOf(job);
    switch (action.kind) {
      case 'adopt': {
        const owner = { type: jobs, object: job, finalizer: trackingFinalizer };
        this.#parts.writes.wrote(key, informers.pods, await adopt(client, owner, { type: pods, object: action.pod }));
        return;
      }
      case 'release':
        this.#parts.writes.wrote(key, informers.pods, await release(client, job, { type: pods, object: action.pod }));
        return;
      case 'writeStatus':
        return this.#writeStatus(job, action.status);
      case 'untrackPods':
        return inBatches(action.pods, (pod) => this.#untrack(job, pod));
      case 'createPods':
        return this.#createPods(job, action.pods);
      case 'endPods':
        return inBatches(action.pods, (pod) => this.#deletePod(job, pod));
      case 'withdrawPods':
        return inBatches(action.pods, async (pod) => {
          await this.#untrack(job, pod);
          await this.#deletePod(job, pod);
        });
    }
  }

  /** The whole of it is replaced: a merge would keep uids that are counted. */
  async #writeStatus(job: Job, status: JobStatus): Promise<void> {
    const { client, informers } = this.#parts.context;
    const written = await client.update(jobs, { ...job, status }, { subresource: 'status' });
    this.#parts.writes.wrote(keyOf(job), informers.jobs, written);
    for (const event of eventsOf(job.status, status)) this.#parts.events.event({ object: job, type: jobs }, event);
  }

  async #untrack(job: Job, pod: Pod): Promise<void> {
    const { client, informers } = this.#parts.context;
    const written = await untrackPod(client, pod);
    if (written === undefined) this.#parts.writes.deleted(keyOf(job), informers.pods, pod);
    else this.#parts.writes.wrote(keyOf(job), informers.pods, written);
  }

  async #createPods(job: Job, templates: readonly Pod[]): Promise<void> {
    const waiting = templates.values();
    await slowStart(templates.length, async () => {
      const { value } = waiting.next();
      if (value !== undefined) await this.#createPod(job, value);
    });
  }

  async #createPod(job: Job, pod: Pod): Promise<void> {
    const { client, informers } = this.#parts.context;
    try {
      const created = await client.create(pods, pod);
      this.#parts.writes.wrote(keyOf(job), informers.pods, created);
      this.#event(job, 'SuccessfulCreate', `Created pod: ${created.metadata.name ?? ''}`);
    } catch (error) {
      this.#event(job, 'FailedCreate', `Error creating: ${messageOf(error)}`);
      throw error;
    }
  }

  async #deletePod(job: Job, pod: Pod): Promise<void> {
    const { client, informers } = this.#parts.context;
    try {
      await client.delete(pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid } });
      this.#event(job, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name ?? ''}`);
    } catch (error) {
      // Gone already, or another pod of that name: what was wanted.
      if (!isStatusReason(error, 'NotFound', 'Conflict')) {
        this.#event(job, 'FailedDelete', `Error deleting: ${messageOf(error)}`);
        throw error;
      }
    }
    this.#parts.writes.deleted(keyOf(job), informers.pods, pod);
  }

  #event(object: Job, reason: string, message: string): void {
    const type = reason.startsWith('Failed') ? 'Warning' : 'Normal';
    this.#parts.events.event({ object, type: jobs }, { type, reason, message });
  }
}

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += batchSize) {
    const results = await Promise.allSettled(items.slice(start, start + batchSize).map(work));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
