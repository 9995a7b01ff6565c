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
import { keyOf, type KubeObject, type ObjectKey } from '@slipway/kube/object';
import { controllerOf } from '@slipway/kube/owner-references';
import { afterOwnWrites } from '@slipway/kube/own-writes';
import { persistentVolumeClaims, pods, statefulSets } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import type { ControllerContext } from '../controller-context.ts';
import { partsFor, type ControllerParts } from '../controller-parts.ts';
import { adopt, release } from '../ownership/write-claims.ts';
import { openRevisions, RevisionCollision, writeRevision } from '../revisions/write-revisions.ts';
import { byController, orphanIn } from '../shared-informers.ts';
import { writeStatus } from '../write-status.ts';
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

class StatefulSetController implements Controller<StatefulSetObserved, StatefulSetAction, StatefulSetStatus> {
  readonly name = 'statefulset';
  readonly #parts: ControllerParts;
  readonly #revisions: Informer<ControllerRevision>;
  readonly #claims: Informer<KubeObject>;

  constructor(parts: ControllerParts, revisions: Informer<ControllerRevision>, claims: Informer<KubeObject>) {
    this.#parts = parts;
    this.#revisions = revisions;
    this.#claims = claims;
  }

  observe(key: ObjectKey): StatefulSetObserved | undefined {
    const { informers } = this.#parts.context;
    const set = informers.statefulSets.get(key);
    if (set === undefined) return undefined;
    const own = informers.pods.byIndex(byController, set.metadata.uid ?? '');
    const orphans = informers.pods.byIndex(byController, orphanIn(key.namespace));
    return {
      set,
      candidates: [...own, ...orphans],
      revisions: this.#revisions.byIndex(byController, set.metadata.uid ?? ''),
      hasClaim: (name) => this.#claims.get({ namespace: key.namespace, name }) !== undefined,
    };
  }

  reconcile(observed: StatefulSetObserved, now: number): Plan<StatefulSetAction, StatefulSetStatus> {
    return reconcileStatefulSet(observed, now);
  }

  async apply(plan: Plan<StatefulSetAction, StatefulSetStatus>, { set }: StatefulSetObserved): Promise<void> {
    for (const action of plan.actions) await this.#act(action, set);
    if (plan.status !== undefined) await this.#writeStatus(set, plan.status);
  }

  async #writeStatus(set: StatefulSet, status: StatefulSetStatus): Promise<void> {
    const { client, informers } = this.#parts.context;
    const written = await writeStatus(client, statefulSets, { object: set, status });
    this.#parts.writes.wrote(keyOf(set), informers.statefulSets, written);
  }

  async #act(action: StatefulSetAction, set: StatefulSet): Promise<void> {
    const { client, informers } = this.#parts.context;
    const key = keyOf(set);
    const owner = { type: statefulSets, object: set };
    switch (action.kind) {
      case 'adopt':
        this.#parts.writes.wrote(key, informers.pods, await adopt(client, owner, { type: pods, object: action.pod }));
        return;
      case 'release':
        this.#parts.writes.wrote(key, informers.pods, await release(client, set, { type: pods, object: action.pod }));
        return;
      case 'createRevision':
      case 'renumberRevision':
      case 'deleteRevision':
        await this.#writeRevision(action, set);
        return;
      case 'createClaim':
        await this.#createClaim(set, action.claim);
        return;
      case 'deleteClaim':
        await this.#deleteClaim(set, action.claim);
        return;
      case 'createPod':
        await this.#createPod(set, action.pod);
        return;
      case 'deletePod':
        await this.#deletePod(set, action);
    }
  }

  async #writeRevision(action: Parameters<typeof writeRevision>[0], set: StatefulSet): Promise<void> {
    try {
      await writeRevision(action, { parts: this.#parts, informer: this.#revisions, owner: set });
    } catch (error) {
      if (error instanceof RevisionCollision) {
        const collisionCount = (set.status?.collisionCount ?? 0) + 1;
        await this.#writeStatus(set, { replicas: 0, ...set.status, collisionCount });
      }
      throw error;
    }
  }

  async #createPod(set: StatefulSet, pod: Pod): Promise<void> {
    const { client, informers } = this.#parts.context;
    const what = `create Pod ${pod.metadata.name ?? ''} in StatefulSet ${set.metadata.name ?? ''}`;
    try {
      this.#parts.writes.wrote(keyOf(set), informers.pods, await client.create(pods, pod));
      this.#event(set, 'SuccessfulCreate', `${what} successful`);
    } catch (error) {
      this.#event(set, 'FailedCreate', `${what} failed error: ${messageOf(error)}`);
      throw error;
    }
  }

  async #deletePod(set: StatefulSet, { pod, why }: StatefulSetAction & { readonly kind: 'deletePod' }): Promise<void> {
    const { client, informers } = this.#parts.context;
    const [setName, podName] = [set.metadata.name ?? '', pod.metadata.name ?? ''];
    if (why === 'failed') {
      const message = `StatefulSet ${set.metadata.namespace ?? ''}/${setName} is recreating failed Pod ${podName}`;
      this.#parts.events.event(
        { object: set, type: statefulSets },
        { type: 'Warning', reason: 'RecreatingFailedPod', message },
      );
    }
    try {
      await client.delete(pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid } });
      this.#event(set, 'SuccessfulDelete', `delete Pod ${podName} in StatefulSet ${setName} successful`);
    } catch (error) {
      // Gone already, or another of that name: what was wanted.
      if (!isStatusReason(error, 'NotFound', 'Conflict')) throw error;
    }
    this.#parts.writes.deleted(keyOf(set), informers.pods, pod);
  }

  async #createClaim(set: StatefulSet, claim: PersistentVolumeClaim): Promise<void> {
    try {
      const created = await this.#parts.context.client.create(persistentVolumeClaims, claim);
      this.#parts.writes.wrote(keyOf(set), this.#claims, created);
      const name = created.metadata.name ?? '';
      this.#event(set, 'SuccessfulCreate', `create Claim ${name} in StatefulSet ${set.metadata.name ?? ''} success`);
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

  #event(object: StatefulSet, reason: string, message: string): void {
    const type = reason.startsWith('Failed') ? 'Warning' : 'Normal';
    this.#parts.events.event({ object, type: statefulSets }, { type, reason, message });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
