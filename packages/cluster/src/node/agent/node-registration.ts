import type { Node } from '@slipway/kube/api.generated';
import { delay, formatMicroTime, type Clock } from '@slipway/kube/clock';
import { findCondition } from '@slipway/kube/conditions';
import type { KubeClient } from '@slipway/kube/client';
import type { Logger } from '@slipway/kube/logger';
import { leases, nodes } from '@slipway/kube/resources';
import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import {
  calculateLease,
  calculateNode,
  calculateNodeLabels,
  calculateNodeStatus,
  leaseDurationSeconds,
  leaseNamespace,
  type NodeDescription,
} from './node-object.ts';

export interface NodeRegistrationOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** 0 to 1, as Math.random. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly description: NodeDescription;
  readonly signal: AbortSignal;
}

const renewEvery = (leaseDurationSeconds * 1000) / 4;
/** Nodes that start together are not to write together for ever: each wait is longer or shorter by as much at the most. */
const renewalJitter = 0.1;
/** The Lease says that the node lives; its status is repeated less often, as the kubelet does. */
const reportEvery = 300_000;
const firstRetry = 100;
const longestRetry = 7000;

/** Keeps the Node object and its Lease. */
export class NodeRegistration {
  readonly #options: NodeRegistrationOptions;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(options: NodeRegistrationOptions) {
    this.#options = options;
  }

  /** Resolves once the node is registered and ready; rejects only when the signal aborts. */
  async register(): Promise<Node> {
    const node = await this.#retried('The node could not be registered', () => this.#createOrUpdate());
    await this.#retried('The node status could not be written', () => this.#report(node));
    return node;
  }

  /** Renews until the signal aborts. */
  async keepAlive(node: Node): Promise<void> {
    const { clock, random, signal } = this.#options;
    while (!signal.aborted) {
      await this.#retried('The lease of the node could not be renewed', () => this.#renew(node));
      const isDue = clock.monotonic() - this.#reportedAt >= reportEvery;
      if (isDue || (await this.#isTakenForLost())) {
        await this.#retried('The node status could not be written', () => this.#reportAgain());
      }
      await delay(clock, renewEvery * (1 + renewalJitter * (2 * random() - 1)), signal);
    }
  }

  /** A node that was silent for too long is unknown until it says how it is. */
  async #isTakenForLost(): Promise<boolean> {
    const { client, description, signal } = this.#options;
    try {
      const node = await client.get(nodes, { name: description.nodeName }, { signal });
      return findCondition(node.status?.conditions, 'Ready')?.status === 'Unknown';
    } catch (error) {
      signal.throwIfAborted();
      // Nobody to ask: the next renewal complains, and tries again.
      if (error instanceof StatusError) return false;
      throw error;
    }
  }

  async #createOrUpdate(): Promise<Node> {
    const { client, description, signal } = this.#options;
    try {
      return await client.create(nodes, calculateNode(description), { signal });
    } catch (error) {
      if (!isStatusReason(error, 'AlreadyExists')) throw error;
      const body = { metadata: { labels: calculateNodeLabels(description) } };
      return client.patch(nodes, { name: description.nodeName }, { type: 'merge', body }, { signal });
    }
  }

  /** From what is there by now: conditions that stay as they are keep the time since when they are so. */
  async #reportAgain(): Promise<void> {
    const { client, description, signal } = this.#options;
    await this.#report(await client.get(nodes, { name: description.nodeName }, { signal }));
  }

  async #report(node: Node): Promise<void> {
    const { client, clock, description, signal } = this.#options;
    const status = calculateNodeStatus(description, { before: node.status?.conditions ?? [], now: clock.now() });
    await client.patch(
      nodes,
      { name: description.nodeName },
      { type: 'strategic', body: { status } },
      { subresource: 'status', signal },
    );
    this.#reportedAt = clock.monotonic();
  }

  async #renew(node: Node): Promise<void> {
    const { client, clock, description, signal } = this.#options;
    const key = { namespace: leaseNamespace, name: description.nodeName };
    const body = { spec: { holderIdentity: description.nodeName, renewTime: formatMicroTime(clock.now()) } };
    try {
      await client.patch(leases, key, { type: 'merge', body }, { signal });
    } catch (error) {
      if (!isStatusReason(error, 'NotFound')) throw error;
      await client.create(leases, calculateLease(node, clock.now()), { signal });
    }
  }

  async #retried<T>(complaint: string, attempt: () => Promise<T>): Promise<T> {
    const { clock, logger, signal } = this.#options;
    for (let wait = firstRetry; ; wait = Math.min(wait * 2, longestRetry)) {
      signal.throwIfAborted();
      try {
        return await attempt();
      } catch (error) {
        signal.throwIfAborted();
        logger.warn(`${complaint}; it is tried again`, {
          kind: 'Node',
          name: this.#options.description.nodeName,
          error,
        });
        await delay(clock, wait, signal);
      }
    }
  }
}
