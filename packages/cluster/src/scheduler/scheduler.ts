import type { Node, Pod, PodCondition } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { formatTime, type Clock } from '@slipway/kube/clock';
import { findCondition } from '@slipway/kube/conditions';
import type { EventRecorder } from '@slipway/kube/event-recorder';
import type { Informer, InformerChange } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import { keyOf, keyString, parseKey, type KubeObject, type ResourceType } from '@slipway/kube/object';
import { pods } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import { chooseNode } from './choose-node.ts';
import { ClusterView } from './cluster-view.ts';
import { hasOtherDemands, isAssigned, isFinished, isWaiting, mayMakeRoom } from './pod-facts.ts';
import { calculateDemand } from './pod-demand.ts';
import { SchedulingQueue, type QueuedPod } from './scheduling-queue.ts';

/** Bindings and refusals that are being written at once. */
const maximumWrites = 64;

interface Binding extends KubeObject {
  readonly target: { readonly kind: 'Node'; readonly name: string };
}

/** Created as the subresource `binding` of a pod. */
const bindings: ResourceType<Binding> = { group: '', version: 'v1', kind: 'Binding', plural: 'pods', namespaced: true };

export interface SchedulerParts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly events: EventRecorder;
  readonly informers: { readonly pods: Informer<Pod>; readonly nodes: Informer<Node> };
}

/**
 * Decides for one pod after the other, on a view that counts each decision at once; the decisions are written meanwhile.
 * `chooseNode` decides, everything here observes and acts.
 */
export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #view = new ClusterView();
  readonly #queue: SchedulingQueue;
  readonly #writes = new Set<Promise<void>>();
  /** Pods with a decision that is being written. */
  readonly #deciding = new Set<string>();
  /** Pods whose turn came meanwhile. */
  readonly #postponed = new Set<string>();
  #startAt = 0;
  #isRunning = false;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    this.#queue = new SchedulingQueue(parts.clock, () => this.#decideAll());
  }

  async run(signal: AbortSignal): Promise<void> {
    const { informers } = this.#parts;
    const ended = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const stopListening = [
      informers.nodes.onChange((change) => this.#acceptNode(change)),
      informers.pods.onChange((change) => this.#acceptPod(change)),
    ];
    await Promise.race([Promise.all([informers.nodes.synced(), informers.pods.synced()]), ended]);
    this.#isRunning = !signal.aborted;
    this.#decideAll();
    await ended;
    this.#isRunning = false;
    for (const stop of stopListening) stop();
    this.#queue.stop();
    await Promise.all(this.#writes);
  }

  #acceptNode({ key, old, current }: InformerChange<Node>): void {
    this.#view.setNode(key, current);
    if (current !== undefined && mayMakeRoom(old, current)) this.#queue.retryFailed();
  }

  #acceptPod({ key, old, current }: InformerChange<Pod>): void {
    if (old !== undefined && old.metadata.uid !== current?.metadata.uid) this.#forgetPod(key, old);
    if (current === undefined) return;
    if (isFinished(current)) {
      this.#forgetPod(key, current);
    } else if (isAssigned(current)) {
      this.#queue.remove(key);
      this.#view.setPod(current);
      if (old === undefined || !isAssigned(old)) this.#queue.retryFailed(({ dependsOnPods }) => dependsOnPods === true);
    } else if (isWaiting(current) && hasOtherDemands(old, current)) {
      this.#queue.add(queued(key, current));
    }
  }

  #forgetPod(key: string, pod: Pod): void {
    this.#queue.remove(key);
    this.#view.removePod(pod.metadata.uid ?? '');
    if (isAssigned(pod)) this.#queue.retryFailed();
  }

  #decideAll(): void {
    while (this.#isRunning && this.#writes.size < maximumWrites) {
      const key = this.#queue.take();
      if (key === undefined) return;
      const pod = this.#waitingPod(key);
      if (pod === undefined) continue;
      if (this.#deciding.has(key)) this.#postponed.add(key);
      else this.#decide(key, pod);
    }
  }

  #waitingPod(key: string): Pod | undefined {
    const pod = this.#parts.informers.pods.get(parseKey(key));
    return pod !== undefined && isWaiting(pod) ? pod : undefined;
  }

  #decide(key: string, pod: Pod): void {
    const { nodes } = this.#view;
    const demand = calculateDemand(pod);
    const decision = chooseNode({ pod, demand, nodes, startAt: this.#startAt, random: this.#parts.random() });
    switch (decision.kind) {
      case 'unschedulable':
        this.#queue.addUnschedulable(queued(key, pod));
        this.#write(key, () => this.#refuse(pod, decision.message));
        return;
      case 'bind':
        this.#startAt = (this.#startAt + decision.visited) % nodes.length;
        this.#view.place(demand, decision.nodeName);
        this.#write(key, () => this.#bind(key, pod, decision.nodeName));
        return;
    }
  }

  #write(key: string, write: () => Promise<void>): void {
    this.#deciding.add(key);
    const written = write()
      .catch((error: unknown) => {
        const level = isStatusReason(error, 'Conflict', 'NotFound') ? 'debug' : 'error';
        this.#parts.logger[level]('scheduling failed', { kind: 'Pod', key, error });
      })
      .finally(() => {
        this.#writes.delete(written);
        this.#deciding.delete(key);
        const pod = this.#postponed.delete(key) ? this.#waitingPod(key) : undefined;
        if (pod !== undefined) this.#queue.add(queued(key, pod));
        this.#decideAll();
      });
    this.#writes.add(written);
  }

  async #bind(key: string, pod: Pod, nodeName: string): Promise<void> {
    const { client, events } = this.#parts;
    const { name, namespace, uid } = pod.metadata;
    try {
      const binding: Binding = { metadata: { name, namespace, uid }, target: { kind: 'Node', name: nodeName } };
      await client.create(bindings, binding, { subresource: 'binding' });
    } catch (error) {
      this.#takeBack(key, pod);
      throw error;
    }
    const message = `Successfully assigned ${keyString(keyOf(pod))} to ${nodeName}`;
    events.event({ object: pod, type: pods }, { type: 'Normal', reason: 'Scheduled', message });
  }

  /** Unless the cache says by now that somebody else has placed the pod, nothing counts for it any more. */
  #takeBack(key: string, pod: Pod): void {
    const cached = this.#parts.informers.pods.get(parseKey(key));
    if (cached !== undefined && cached.metadata.uid === pod.metadata.uid && isAssigned(cached)) return;
    this.#view.removePod(pod.metadata.uid ?? '');
    const waiting = this.#waitingPod(key);
    if (waiting !== undefined) this.#queue.addAfterError(queued(key, waiting));
  }

  async #refuse(pod: Pod, message: string): Promise<void> {
    const { client, clock, events } = this.#parts;
    events.event({ object: pod, type: pods }, { type: 'Warning', reason: 'FailedScheduling', message });
    const known = findCondition(pod.status?.conditions, 'PodScheduled');
    if (known?.status === 'False' && known.message === message) return;
    const lastTransitionTime = known?.status === 'False' ? known.lastTransitionTime : formatTime(clock.now());
    const statement = { status: 'False', reason: 'Unschedulable', message, lastTransitionTime } as const;
    const condition: PodCondition = { type: 'PodScheduled', ...statement };
    const body = { status: { conditions: [condition] } };
    await client.patch(pods, keyOf(pod), { type: 'strategic', body }, { subresource: 'status' });
  }
}

function queued(key: string, { spec }: Pod): QueuedPod {
  const { affinity, topologySpreadConstraints, priority = 0 } = spec ?? {};
  const dependsOnPods = affinity?.podAffinity !== undefined || topologySpreadConstraints !== undefined;
  return { key, priority, dependsOnPods };
}
