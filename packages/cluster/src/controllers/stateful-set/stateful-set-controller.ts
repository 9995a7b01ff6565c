import type {
  ControllerRevision,
  PersistentVolumeClaim,
  Pod,
  StatefulSet,
  StatefulSetStatus,
} from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import { Informer, type InformerChange } from '@slipway/kube/informer';
import { keyOf, keyString, type KubeObject, type ObjectKey } from '@slipway/kube/object';
import { controllerOf } from '@slipway/kube/owner-references';
import { afterOwnWrites } from '@slipway/kube/own-writes';
import { persistentVolumeClaims, statefulSets } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import type { ControllerContext } from '../controller-context.ts';
import { partsFor, type ControllerParts } from '../controller-parts.ts';
import { PodSetWriter, type PodSetKind } from '../revisions/pod-set-writer.ts';
import { openRevisions } from '../revisions/write-revisions.ts';
import { byController, candidatesOf } from '../shared-informers.ts';
import { reconcileStatefulSet, type StatefulSetAction, type StatefulSetObserved } from './reconcile-stateful-set.ts';

export function startStatefulSetController(context: ControllerContext): RunningController {
  const parts = partsFor(context, 'statefulset-controller');
  const revisions = openRevisions(context);
  const claims = new Informer<KubeObject>({ ...context, type: persistentVolumeClaims, metadataOnly: true });
  claims.start(context.signal);
  const { informers } = context;
  return runController(afterOwnWrites(new StatefulSetController(parts, revisions, claims), parts.writes), {
    ...context,
    sources: [
      source(informers.statefulSets, ({ current }) => (current === undefined ? [] : [keyOf(current)])),
      source(informers.pods, (change) => keysOfPod(change, context)),
      // What they hold is looked up, and only our own writes change it.
      source(revisions, () => []),
      source(claims, () => []),
    ],
  });
}

function* keysOfPod({ old, current }: InformerChange<Pod>, { informers }: ControllerContext): Iterable<ObjectKey> {
  const [before, after] = [managerOf(old), managerOf(current)];
  if (after !== undefined) yield after;
  if (before !== undefined && before.name !== after?.name) yield before;
  if (current === undefined || controllerOf(current) !== undefined) return;
  const name = (current.metadata.name ?? '').replace(/-\d+$/, '');
  const key = { namespace: current.metadata.namespace, name };
  if (informers.statefulSets.get(key) !== undefined) yield key;
}

function managerOf(pod: Pod | undefined): ObjectKey | undefined {
  const reference = pod === undefined ? undefined : controllerOf(pod);
  return reference?.kind === statefulSets.kind
    ? { namespace: pod?.metadata.namespace, name: reference.name }
    : undefined;
}

const words: PodSetKind<StatefulSet>['words'] = {
  created: (pod, set) => `create ${placeOf(pod, set)} successful`,
  notCreated: (pod, set, cause) => `create ${placeOf(pod, set)} failed error: ${cause}`,
  deleted: (pod, set) => `delete ${placeOf(pod, set)} successful`,
};

function placeOf(pod: Pod, set: StatefulSet): string {
  return `Pod ${pod.metadata.name ?? ''} in StatefulSet ${set.metadata.name ?? ''}`;
}

class StatefulSetController implements Controller<StatefulSetObserved, StatefulSetAction, StatefulSetStatus> {
  readonly name = 'statefulset';
  readonly #parts: ControllerParts;
  readonly #revisions: Informer<ControllerRevision>;
  readonly #claims: Informer<KubeObject>;
  readonly #writer: PodSetWriter<StatefulSet>;

  constructor(parts: ControllerParts, revisions: Informer<ControllerRevision>, claims: Informer<KubeObject>) {
    this.#parts = parts;
    this.#revisions = revisions;
    this.#claims = claims;
    const informer = parts.context.informers.statefulSets;
    const emptyStatus = { replicas: 0 };
    this.#writer = new PodSetWriter({ type: statefulSets, informer, parts, revisions, emptyStatus, words });
  }

  observe(key: ObjectKey): StatefulSetObserved | undefined {
    const { informers } = this.#parts.context;
    const set = informers.statefulSets.get(key);
    if (set === undefined) return undefined;
    return {
      set,
      candidates: candidatesOf(set, informers.pods),
      revisions: this.#revisions.byIndex(byController, set.metadata.uid ?? ''),
      hasClaim: (name) => this.#claims.get({ namespace: key.namespace, name }) !== undefined,
    };
  }

  reconcile(observed: StatefulSetObserved, now: number): Plan<StatefulSetAction, StatefulSetStatus> {
    return reconcileStatefulSet(observed, now);
  }

  async apply(plan: Plan<StatefulSetAction, StatefulSetStatus>, { set }: StatefulSetObserved): Promise<void> {
    for (const action of plan.actions) await this.#act(action, set);
    if (plan.status !== undefined) await this.#writer.writeStatus(set, plan.status);
  }

  async #act(action: StatefulSetAction, set: StatefulSet): Promise<void> {
    switch (action.kind) {
      case 'createClaim':
        await this.#createClaim(set, action.claim);
        return;
      case 'deleteClaim':
        await this.#deleteClaim(set, action.claim);
        return;
      case 'deletePod':
        if (action.why === 'failed') this.#tellOfFailure(set, action.pod);
        await this.#writer.act(action, set);
        return;
      default:
        await this.#writer.act(action, set);
    }
  }

  #tellOfFailure(set: StatefulSet, pod: Pod): void {
    const message = `StatefulSet ${keyString(keyOf(set))} is recreating failed Pod ${pod.metadata.name ?? ''}`;
    this.#writer.event(set, 'RecreatingFailedPod', message);
  }

  async #createClaim(set: StatefulSet, claim: PersistentVolumeClaim): Promise<void> {
    try {
      const created = await this.#parts.context.client.create(persistentVolumeClaims, claim);
      this.#parts.writes.wrote(keyOf(set), this.#claims, created);
      const name = created.metadata.name ?? '';
      this.#writer.event(
        set,
        'SuccessfulCreate',
        `create Claim ${name} in StatefulSet ${set.metadata.name ?? ''} success`,
      );
    } catch (error) {
      // One of that name is what the pod needs, whoever made it.
      if (!isStatusReason(error, 'AlreadyExists')) throw error;
    }
  }

  async #deleteClaim(set: StatefulSet, claim: PersistentVolumeClaim): Promise<void> {
    const known = this.#claims.get(keyOf(claim));
    if (known === undefined) return;
    try {
      const { uid } = known.metadata;
      await this.#parts.context.client.delete(persistentVolumeClaims, keyOf(claim), { preconditions: { uid } });
    } catch (error) {
      if (!isStatusReason(error, 'NotFound', 'Conflict')) throw error;
    }
    this.#parts.writes.deleted(keyOf(set), this.#claims, known);
  }
}
