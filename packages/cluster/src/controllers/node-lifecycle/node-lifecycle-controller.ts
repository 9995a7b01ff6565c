import type { Node, Pod } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { findCondition, isConditionTrue, setCondition } from '@slipway/kube/conditions';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import { keyOf, type ObjectKey } from '@slipway/kube/object';
import { nodes, pods } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import type { ControllerContext } from '../controller-context.ts';
import { partsFor, type ControllerParts } from '../controller-parts.ts';
import { afterOwnWrites } from '@slipway/kube/own-writes';
import { byNode } from '../shared-informers.ts';
import { reconcileNode, type NodeAction, type NodeObserved } from './reconcile-node.ts';

const leaseNamespace = 'kube-node-lease';

export function startNodeLifecycleController(context: ControllerContext): RunningController {
  const parts = partsFor(context, 'node-controller');
  const { informers } = context;
  return runController(afterOwnWrites(new NodeLifecycleController(parts), parts.writes), {
    ...context,
    workers: 1,
    sources: [
      source(informers.nodes, ({ old, current }) =>
        [current ?? old].flatMap((node) => (node === undefined ? [] : keyOf(node))),
      ),
      source(informers.nodeLeases, ({ current }) =>
        current === undefined ? [] : [{ name: current.metadata.name ?? '' }],
      ),
    ],
  });
}

interface SignOfLife {
  /** What the node said; another text is another sign. */
  readonly said: string;
  readonly heardAt: number;
}

class NodeLifecycleController implements Controller<NodeObserved, NodeAction> {
  readonly name = 'node-lifecycle';
  readonly #parts: ControllerParts;
  /** By name, of nodes that exist. A new controller gives each node its time again. */
  readonly #signs = new Map<string, SignOfLife>();

  constructor(parts: ControllerParts) {
    this.#parts = parts;
  }

  observe(key: ObjectKey): NodeObserved | undefined {
    const node = this.#parts.context.informers.nodes.get(key);
    if (node === undefined) {
      this.#signs.delete(key.name);
      return undefined;
    }
    return { node, heardAt: this.#listen(key.name, node) };
  }

  #listen(name: string, node: Node): number {
    const { informers, clock } = this.#parts.context;
    const lease = informers.nodeLeases.get({ namespace: leaseNamespace, name });
    const heartbeat = findCondition(node.status?.conditions, 'Ready')?.lastHeartbeatTime;
    const said = JSON.stringify([node.metadata.uid, lease?.spec?.renewTime, heartbeat]);
    const known = this.#signs.get(name);
    if (known?.said === said) return known.heardAt;
    const heardAt = clock.now();
    this.#signs.set(name, { said, heardAt });
    return heardAt;
  }

  reconcile(observed: NodeObserved, now: number): Plan<NodeAction> {
    return reconcileNode(observed, now);
  }

  async apply({ actions }: Plan<NodeAction>, { node }: NodeObserved): Promise<void> {
    let version = node.metadata.resourceVersion;
    for (const action of actions) version = await this.#act(action, node, version);
  }

  /** Answers with the version that it has left: the next action builds on this one, and on nothing that came between. */
  async #act(action: NodeAction, node: Node, version: string | undefined): Promise<string | undefined> {
    const { client } = this.#parts.context;
    const { name = '' } = node.metadata;
    switch (action.kind) {
      case 'setConditions': {
        const body = { metadata: { resourceVersion: version }, status: { conditions: action.conditions } };
        const written = await client.patch(nodes, { name }, { type: 'strategic', body }, { subresource: 'status' });
        const message = `Node ${name} status is now: NodeNotReady`;
        this.#parts.events.event({ object: node, type: nodes }, { type: 'Normal', reason: 'NodeNotReady', message });
        return written.metadata.resourceVersion;
      }
      case 'setTaints': {
        const body = {
          metadata: { resourceVersion: version },
          spec: { taints: action.taints.length === 0 ? null : action.taints },
        };
        const written = await client.patch(nodes, { name }, { type: 'merge', body });
        this.#parts.writes.wrote({ name }, this.#parts.context.informers.nodes, written);
        return written.metadata.resourceVersion;
      }
      case 'markPodsNotReady':
        await this.#markPodsNotReady(name, node);
        return version;
    }
  }

  async #markPodsNotReady(name: string, node: Node): Promise<void> {
    const { informers } = this.#parts.context;
    const ready = informers.pods
      .byIndex(byNode, name)
      .filter(({ status }) => isConditionTrue(status?.conditions, 'Ready'));
    for (const pod of ready) {
      await this.#markNotReady(pod);
      this.#parts.events.event(
        { object: pod, type: pods },
        { type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready' },
      );
    }
    if (ready.length > 0) {
      const context = { kind: 'Node', name: node.metadata.name, pods: ready.length };
      this.#parts.context.logger.warn('pods of a node that is not ready count as not ready', context);
    }
  }

  async #markNotReady(pod: Pod): Promise<void> {
    const { client, clock } = this.#parts.context;
    const now = clock.now();
    const condition = { type: 'Ready', status: 'False', lastTransitionTime: formatTime(now) } as const;
    const conditions = setCondition(pod.status?.conditions ?? [], condition, now);
    const body = { metadata: { uid: pod.metadata.uid }, status: { conditions } };
    try {
      await client.patch(pods, keyOf(pod), { type: 'strategic', body }, { subresource: 'status' });
    } catch (error) {
      if (!isStatusReason(error, 'NotFound')) throw error;
    }
  }
}
