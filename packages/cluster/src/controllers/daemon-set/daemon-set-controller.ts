import type { ControllerRevision, DaemonSet, DaemonSetStatus, Node, Pod } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import type { Informer, InformerChange } from '@slipway/kube/informer';
import { isSameJson } from '@slipway/kube/json-equality';
import { keyOf, keyString, type ObjectKey } from '@slipway/kube/object';
import { controllerOf } from '@slipway/kube/owner-references';
import { afterOwnWrites } from '@slipway/kube/own-writes';
import { daemonSets } from '@slipway/kube/resources';
import { matchesLabelSelector } from '@slipway/kube/selector';
import type { ControllerContext } from '../controller-context.ts';
import { partsFor, type ControllerParts } from '../controller-parts.ts';
import { PodSetWriter, type PodSetKind } from '../revisions/pod-set-writer.ts';
import { openRevisions } from '../revisions/write-revisions.ts';
import { byController, candidatesOf } from '../shared-informers.ts';
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

const words: PodSetKind<DaemonSet>['words'] = {
  created: ({ metadata }) => `Created pod: ${metadata.name ?? ''}`,
  notCreated: (_pod, _set, cause) => `Error creating: ${cause}`,
  deleted: ({ metadata }) => `Deleted pod: ${metadata.name ?? ''}`,
};

const emptyStatus = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };

class DaemonSetController implements Controller<DaemonSetObserved, DaemonSetAction, DaemonSetStatus> {
  readonly name = 'daemonset';
  readonly #parts: ControllerParts;
  readonly #revisions: Informer<ControllerRevision>;
  readonly #writer: PodSetWriter<DaemonSet>;

  constructor(parts: ControllerParts, revisions: Informer<ControllerRevision>) {
    this.#parts = parts;
    this.#revisions = revisions;
    const informer = parts.context.informers.daemonSets;
    this.#writer = new PodSetWriter({ type: daemonSets, informer, parts, revisions, emptyStatus, words });
  }

  observe(key: ObjectKey): DaemonSetObserved | undefined {
    const { informers } = this.#parts.context;
    const set = informers.daemonSets.get(key);
    if (set === undefined) return undefined;
    return {
      set,
      candidates: candidatesOf(set, informers.pods),
      revisions: this.#revisions.byIndex(byController, set.metadata.uid ?? ''),
      nodes: informers.nodes.list(),
    };
  }

  reconcile(observed: DaemonSetObserved, now: number): Plan<DaemonSetAction, DaemonSetStatus> {
    return reconcileDaemonSet(observed, now);
  }

  async apply(plan: Plan<DaemonSetAction, DaemonSetStatus>, { set }: DaemonSetObserved): Promise<void> {
    for (const action of plan.actions) await this.#act(action, set);
    if (plan.status !== undefined) await this.#writer.writeStatus(set, plan.status);
  }

  async #act(action: DaemonSetAction, set: DaemonSet): Promise<void> {
    if (action.kind === 'deletePod' && action.why === 'failed') {
      const { pod } = action;
      const place = `${keyString(keyOf(pod))} on node ${targetNodeOf(pod) ?? ''}`;
      this.#writer.event(set, 'FailedDaemonPod', `Found failed daemon pod ${place}, will try to kill it`);
    }
    await this.#writer.act(action, set);
  }
}
