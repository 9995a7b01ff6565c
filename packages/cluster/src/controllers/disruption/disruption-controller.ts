import type { Pod, PodDisruptionBudget, PodDisruptionBudgetStatus, ReplicaSet } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import type { InformerChange } from '@slipway/kube/informer';
import { keyOf, keyString, type KubeObject, type ObjectKey } from '@slipway/kube/object';
import { controllerOf } from '@slipway/kube/owner-references';
import { podDisruptionBudgets, pods } from '@slipway/kube/resources';
import { matchesLabelSelector } from '@slipway/kube/selector';
import type { ControllerContext } from '../controller-context.ts';
import { partsFor, type ControllerParts } from '../controller-parts.ts';
import { afterOwnWrites } from '@slipway/kube/own-writes';
import { selectedBy, selectorsFor } from '../label-index.ts';
import { byController } from '../shared-informers.ts';
import {
  reconcileDisruption,
  type DisruptionEvent,
  type DisruptionObserved,
  type ExpectedScale,
  type Workload,
} from './reconcile-disruption.ts';

export function startDisruptionController(context: ControllerContext): RunningController {
  const parts = partsFor(context, 'controllermanager');
  const { informers } = context;
  return runController(afterOwnWrites(new DisruptionController(parts), parts.writes), {
    ...context,
    workers: 1,
    sources: [
      source(informers.podDisruptionBudgets, ({ current }) => (current === undefined ? [] : [keyOf(current)])),
      source(informers.pods, (change) => budgetsOfPod(change, context)),
      source(informers.replicaSets, (change) => budgetsOfWorkload(change, context)),
      source(informers.deployments, (change) => budgetsOfWorkload(change, context)),
    ],
  });
}

function* budgetsOfPod({ old, current }: InformerChange<Pod>, { informers }: ControllerContext): Iterable<ObjectKey> {
  const mayProtect = [old, current].flatMap((pod) => selectorsFor(informers.podDisruptionBudgets, pod));
  for (const budget of new Set(mayProtect)) {
    if ([old, current].some((pod) => pod !== undefined && protects(budget, pod))) yield keyOf(budget);
  }
}

interface Scaled extends KubeObject {
  readonly spec?: { readonly replicas?: number | undefined } | undefined;
}

/** Another number of replicas is another number of pods to expect, for who protects some of them. */
function* budgetsOfWorkload({ old, current }: InformerChange<Scaled>, context: ControllerContext): Iterable<ObjectKey> {
  if (current === undefined || old?.spec?.replicas === current.spec?.replicas) return;
  const { pods: allPods, replicaSets } = context.informers;
  const { uid = '' } = current.metadata;
  const owners = [uid, ...replicaSets.byIndex(byController, uid).map(({ metadata }) => metadata.uid ?? '')];
  for (const pod of owners.flatMap((owner) => allPods.byIndex(byController, owner)))
    yield* budgetsOfPod({ key: keyString(keyOf(pod)), old: undefined, current: pod }, context);
}

function protects({ spec }: PodDisruptionBudget, { metadata }: Pod): boolean {
  return matchesLabelSelector(spec?.selector, metadata.labels);
}

class DisruptionController implements Controller<DisruptionObserved, DisruptionEvent, PodDisruptionBudgetStatus> {
  readonly name = 'disruption';
  readonly #parts: ControllerParts;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
  }

  observe(key: ObjectKey): DisruptionObserved | undefined {
    const { informers } = this.#parts.context;
    const budget = informers.podDisruptionBudgets.get(key);
    if (budget === undefined || budget.metadata.deletionTimestamp !== undefined) return undefined;
    const candidates = selectedBy(informers.pods, { namespace: key.namespace, selector: budget.spec?.selector });
    const protectedPods = candidates.filter((pod) => protects(budget, pod));
    return { budget, pods: protectedPods, scale: this.#scaleOf(protectedPods) };
  }

  #scaleOf(all: readonly Pod[]): ExpectedScale {
    const workloads = new Map<string, Workload>();
    const unmanaged: string[] = [];
    for (const pod of all) {
      const manager = controllerOf(pod);
      if (manager === undefined) {
        unmanaged.push(pod.metadata.name ?? '');
        continue;
      }
      const replicaSet = this.#replicaSetOf(pod);
      if (replicaSet === undefined) {
        return { kind: 'unknown', why: `${manager.kind} "${manager.name}" does not say how many pods it wants` };
      }
      const workload = this.#workloadOf(replicaSet);
      workloads.set(workload.uid, workload);
    }
    return { kind: 'known', workloads: [...workloads.values()], unmanaged };
  }

  #replicaSetOf(pod: Pod): ReplicaSet | undefined {
    const { informers } = this.#parts.context;
    const manager = controllerOf(pod);
    const found = informers.replicaSets.get({ namespace: pod.metadata.namespace, name: manager?.name ?? '' });
    return manager?.kind === 'ReplicaSet' && found?.metadata.uid === manager.uid ? found : undefined;
  }

  /** The replicas of a Deployment are those of all its ReplicaSets, in the middle of a rollout too. */
  #workloadOf(replicaSet: ReplicaSet): Workload {
    const { informers } = this.#parts.context;
    const manager = controllerOf(replicaSet);
    const deployment = informers.deployments.get({
      namespace: replicaSet.metadata.namespace,
      name: manager?.name ?? '',
    });
    const isManaged = manager?.kind === 'Deployment' && deployment?.metadata.uid === manager.uid;
    const { metadata, spec } = isManaged && deployment !== undefined ? deployment : replicaSet;
    return { name: metadata.name ?? '', uid: metadata.uid ?? '', replicas: spec?.replicas ?? 1 };
  }

  reconcile(observed: DisruptionObserved, now: number): Plan<DisruptionEvent, PodDisruptionBudgetStatus> {
    return reconcileDisruption(observed, now);
  }

  /** The whole status is replaced, on the condition that no eviction has changed it meanwhile. */
  async apply(
    { actions, status }: Plan<DisruptionEvent, PodDisruptionBudgetStatus>,
    { budget }: DisruptionObserved,
  ): Promise<void> {
    const { client, informers } = this.#parts.context;
    if (status !== undefined) {
      const next = { ...budget, status };
      const written = await client.update(podDisruptionBudgets, next, { subresource: 'status' });
      this.#parts.writes.wrote(keyOf(budget), informers.podDisruptionBudgets, written);
    }
    for (const { pod, type, reason, message } of actions) {
      const subject = pod === undefined ? { object: budget, type: podDisruptionBudgets } : { object: pod, type: pods };
      this.#parts.events.event(subject, { type, reason, message });
    }
  }
}
