import type { ControllerRevision, DaemonSet, DaemonSetStatus, Node, Pod } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import type { Informer, InformerChange } from '@slipway/kube/informer';
import { isSameJson } from '@slipway/kube/json-equality';
import { keyOf, type ObjectKey } from '@slipway/kube/object';
import { controllerOf } from '@slipway/kube/owner-references';
import { afterOwnWrites } from '@slipway/kube/own-writes';
import { daemonSets, pods } from '@slipway/kube/resources';
import { matchesLabelSelector } from '@slipway/kube/selector';
import { isStatusReason } from '@slipway/kube/status-error';
import type { ControllerContext } from '../controller-context.ts';
import { partsFor, type ControllerParts } from '../controller-parts.ts';
import { adopt, release } from '../ownership/write-claims.ts';
import { openRevisions, RevisionCollision, writeRevision } from '../revisions/write-revisions.ts';
import { byController, orphanIn } from '../shared-informers.ts';
import { writeStatus } from '../write-status.ts';
import { targetNodeOf } from './daemon-pod.ts';
import { reconcileDaemonSet, type DaemonSetAction, type DaemonSetObserved } from './reconcile-daemon-set.ts';

export function startDaemonSetController(context: ControllerContext): RunningController {
  const parts = partsFor(context, 'daemonset-controller');
  const revisions = openRevisions(context);
  const { informers } = context;
  return runController(afterOwnWrites(new DaemonSetController(parts, revisions), parts.writes), {
    ...context,
    sources: [
      source(informers.daemonSets, ({ current }) => (current === undefined ? [] : [keyOf(current)])),
      source(informers.pods, (change) => keysOfPod(change, context)),
      source(informers.nodes, (change) => (isOtherPlace(change) ? informers.daemonSets.list().map(keyOf) : [])),
      // What it holds is looked up, and only our own writes change it.
      source(revisions, () => []),
    ],
  });
}

/** A heartbeat makes no difference to where pods may be. */
function isOtherPlace({ old, current }: InformerChange<Node>): boolean {
  if (old === undefined || current === undefined) return true;
  const facts = ({ metadata, spec }: Node): unknown => [metadata.labels, spec?.taints];
  return !isSameJson(facts(old), facts(current));
}

function* keysOfPod({ old, current }: InformerChange<Pod>, { informers }: ControllerContext): Iterable<ObjectKey> {
  const [before, after] = [managerOf(old), managerOf(current)];
  if (after !== undefined) yield after;
  if (before !== undefined && before.name !== after?.name) yield before;
  if (current === undefined || controllerOf(current) !== undefined) return;
  for (const set of informers.daemonSets.list(current.metadata.namespace)) {
    if (matchesLabelSelector(set.spec?.selector, current.metadata.labels)) yield keyOf(set);
  }
}

function managerOf(pod: Pod | undefined): ObjectKey | undefined {
  const reference = pod === undefined ? undefined : controllerOf(pod);
  return reference?.kind === daemonSets.kind ? { namespace: pod?.metadata.namespace, name: reference.name } : undefined;
}

class DaemonSetController implements Controller<DaemonSetObserved, DaemonSetAction, DaemonSetStatus> {
  readonly name = 'daemonset';
  readonly #parts: ControllerParts;
  readonly #revisions: Informer<ControllerRevision>;

  constructor(parts: ControllerParts, revisions: Informer<ControllerRevision>) {
    this.#parts = parts;
    this.#revisions = revisions;
  }

  observe(key: ObjectKey): DaemonSetObserved | undefined {
    const { informers } = this.#parts.context;
    const set = informers.daemonSets.get(key);
    if (set === undefined) return undefined;
    const own = informers.pods.byIndex(byController, set.metadata.uid ?? '');
    const orphans = informers.pods.byIndex(byController, orphanIn(key.namespace));
    return {
      set,
      candidates: [...own, ...orphans],
      revisions: this.#revisions.byIndex(byController, set.metadata.uid ?? ''),
      nodes: informers.nodes.list(),
    };
  }

  reconcile(observed: DaemonSetObserved, now: number): Plan<DaemonSetAction, DaemonSetStatus> {
    return reconcileDaemonSet(observed, now);
  }

  async apply(plan: Plan<DaemonSetAction, DaemonSetStatus>, { set }: DaemonSetObserved): Promise<void> {
    for (const action of plan.actions) await this.#act(action, set);
    if (plan.status !== undefined) await this.#writeStatus(set, plan.status);
  }

  async #writeStatus(set: DaemonSet, status: DaemonSetStatus): Promise<void> {
    const { client, informers } = this.#parts.context;
    const written = await writeStatus(client, daemonSets, { object: set, status });
    this.#parts.writes.wrote(keyOf(set), informers.daemonSets, written);
  }

  async #act(action: DaemonSetAction, set: DaemonSet): Promise<void> {
    const { client, informers } = this.#parts.context;
    const key = keyOf(set);
    const owner = { type: daemonSets, object: set };
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
      case 'createPod':
        await this.#createPod(set, action.pod);
        return;
      case 'deletePod':
        await this.#deletePod(set, action);
    }
  }

  async #writeRevision(action: Parameters<typeof writeRevision>[0], set: DaemonSet): Promise<void> {
    try {
      await writeRevision(action, { parts: this.#parts, informer: this.#revisions, owner: set });
    } catch (error) {
      if (error instanceof RevisionCollision) {
        const collisionCount = (set.status?.collisionCount ?? 0) + 1;
        await this.#writeStatus(set, { ...nothing, ...set.status, collisionCount });
      }
      throw error;
    }
  }

  async #createPod(set: DaemonSet, pod: Pod): Promise<void> {
    const { client, informers } = this.#parts.context;
    try {
      const created = await client.create(pods, pod);
      this.#parts.writes.wrote(keyOf(set), informers.pods, created);
      this.#event(set, 'SuccessfulCreate', `Created pod: ${created.metadata.name ?? ''}`);
    } catch (error) {
      this.#event(set, 'FailedCreate', `Error creating: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  }

  async #deletePod(set: DaemonSet, { pod, why }: DaemonSetAction & { readonly kind: 'deletePod' }): Promise<void> {
    const { client, informers } = this.#parts.context;
    const name = pod.metadata.name ?? '';
    if (why === 'failed') {
      const place = `${pod.metadata.namespace ?? ''}/${name} on node ${targetNodeOf(pod) ?? ''}`;
      this.#event(set, 'FailedDaemonPod', `Found failed daemon pod ${place}, will try to kill it`);
    }
    try {
      await client.delete(pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid } });
      this.#event(set, 'SuccessfulDelete', `Deleted pod: ${name}`);
    } catch (error) {
      // Gone already, or another of that name: what was wanted.
      if (!isStatusReason(error, 'NotFound', 'Conflict')) throw error;
    }
    this.#parts.writes.deleted(keyOf(set), informers.pods, pod);
  }

  #event(object: DaemonSet, reason: string, message: string): void {
    const type = reason.startsWith('Failed') ? 'Warning' : 'Normal';
    this.#parts.events.event({ object, type: daemonSets }, { type, reason, message });
  }
}

const nothing = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
