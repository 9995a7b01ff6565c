import type { Node, Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { formatTime, type Clock } from '@slipway/kube/clock';
import { findCondition, setCondition } from '@slipway/kube/conditions';
import type { Controller } from '@slipway/kube/controller';
import { runController, source } from '@slipway/kube/controller-runtime';
import { EventRecorder } from '@slipway/kube/event-recorder';
import { Informer } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import { keyOf, keyString, type KubeObject, type ResourceType } from '@slipway/kube/object';
import { nodes, pods } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import { addResources, allocatableOf, noResources, placePod, requestsOf, type NodeView, type Placement } from './node-fit.ts';

export interface SchedulerOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

interface Observed {
  readonly pod: Pod;
  readonly views: readonly NodeView[];
}

type Action = { readonly type: 'bind'; readonly node: string } | { readonly type: 'report'; readonly message: string };

const schedulerName = 'default-scheduler';
const byNode = 'node';
/** A pod that fits nowhere is looked at again when nodes or pods change, and after this time. */
const retryMilliseconds = 10_000;

/** Gives every pod without a node the one that suits it best. */
export function startScheduler(options: SchedulerOptions): { readonly done: Promise<void> } {
  const podInformer = new Informer<Pod>({ ...options, type: pods, indexes: { [byNode]: ({ spec, status }) => (status?.phase === 'Succeeded' || status?.phase === 'Failed' ? [] : [spec?.nodeName ?? '']) } });
  const nodeInformer = new Informer<Node>({ ...options, type: nodes });
  const recorder = new EventRecorder({ ...options, component: schedulerName });
  podInformer.start(options.signal);
  nodeInformer.start(options.signal);
  /** Bound by us and not yet seen as bound. */
  const assumed = new Map<string, { readonly pod: Pod; readonly node: string }>();
  podInformer.onChange(({ key, current }) => {
    if (current === undefined || (current.spec?.nodeName ?? '') !== '') assumed.delete(key);
  });
  const viewOf = (node: Node): NodeView => {
    const name = node.metadata.name ?? '';
    const expected = [...assumed.values()].filter((each) => each.node === name).map(({ pod }) => pod);
    const requested = [...podInformer.byIndex(byNode, name), ...expected].reduce((sum, pod) => addResources(sum, requestsOf(pod)), noResources);
    return { node, allocatable: allocatableOf(node), requested };
  };
  const controller: Controller<Observed, Action> = {
    name: 'scheduler',
    observe: (key) => {
      const pod = podInformer.get(key);
      if (pod === undefined || !isWaiting(pod) || assumed.has(keyString(key))) return undefined;
      return { pod, views: nodeInformer.list().map(viewOf) };
    },
    reconcile: ({ pod, views }) => planPlacement(placePod(pod, views)),
    apply: async ({ actions }, { pod }) => {
      for (const action of actions) {
        if (action.type === 'report') await reportFailure(pod, action.message, { ...options, recorder });
        else await bind(pod, action.node, { ...options, recorder, assumed });
      }
    },
  };
  const waiting = () => podInformer.byIndex(byNode, '').filter(isWaiting).map(keyOf);
  return runController(controller, {
    ...options,
    // One after the other: each placement counts for the next.
    workers: 1,
    sources: [source(podInformer, ({ current, old }) => (current === undefined ? (old?.spec?.nodeName === undefined ? [] : waiting()) : isWaiting(current) ? [keyOf(current)] : [])), source(nodeInformer, waiting)],
  });
}

function isWaiting({ spec, metadata, status }: Pod): boolean {
  const isOurs = (spec?.schedulerName ?? schedulerName) === schedulerName;
  return isOurs && (spec?.nodeName ?? '') === '' && metadata.deletionTimestamp === undefined && status?.phase !== 'Failed' && (spec?.schedulingGates ?? []).length === 0;
}

function planPlacement(placement: Placement): { readonly actions: readonly Action[]; readonly requeueAfter?: number } {
  return 'node' in placement ? { actions: [{ type: 'bind', node: placement.node }] } : { actions: [{ type: 'report', message: placement.message }], requeueAfter: retryMilliseconds };
}

interface Effects {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
}

/** `pods/binding`: which node takes the pod. */
interface Binding extends KubeObject {
  readonly target: { readonly apiVersion: string; readonly kind: string; readonly name: string };
}

const bindings: ResourceType<Binding> = { group: '', version: 'v1', kind: 'Binding', plural: 'pods', namespaced: true };

async function bind(pod: Pod, node: string, { client, recorder, assumed }: Effects & { readonly assumed: Map<string, { readonly pod: Pod; readonly node: string }> }): Promise<void> {
  const { name = '', namespace, uid } = pod.metadata;
  const key = keyString(keyOf(pod));
  assumed.set(key, { pod, node });
  try {
    await client.create(bindings, { metadata: { name, namespace, uid }, target: { apiVersion: 'v1', kind: 'Node', name: node } }, { subresource: 'binding' });
  } catch (error) {
    assumed.delete(key);
    // Gone, or bound by somebody else: nothing is left to place.
    if (isStatusReason(error, 'NotFound', 'Conflict')) return;
    throw error;
  }
  recorder.event({ object: pod, type: pods }, { type: 'Normal', reason: 'Scheduled', message: `Successfully assigned ${namespace ?? ''}/${name} to ${node}` });
}

async function reportFailure(pod: Pod, message: string, { client, clock, recorder }: Effects): Promise<void> {
  const known = findCondition(pod.status?.conditions, 'PodScheduled');
  if (known?.message === message) return;
  recorder.event({ object: pod, type: pods }, { type: 'Warning', reason: 'FailedScheduling', message });
  const now = clock.now();
  const conditions = setCondition(pod.status?.conditions ?? [], { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastTransitionTime: formatTime(now) }, now);
  await client.patch(pods, keyOf(pod), { type: 'strategic', body: { status: { conditions } } }, { subresource: 'status', fieldManager: 'kube-scheduler' });
}
