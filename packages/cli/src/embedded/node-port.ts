/** What the server asks of its nodes, whatever they are. */
import type { NodeConnector } from '@slipway/cluster/api/node-connector';
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { StatusError } from '@slipway/kube/status-error';

/** The cluster's nodes: agents in one helper process that runs containers, or simulations within the server. */
export interface ClusterNode {
  readonly ranges: { readonly pods: string; readonly services: string };
  /** Where pods ask for names; undefined if they cannot. */
  readonly dns?: { readonly address: string; readonly forwardSocket: string } | undefined;
  /** Of the first node, where its network is not the machine's. */
  readonly address?: string | undefined;
  /** Of the Service `kubernetes`, where it cannot have the usual one. */
  readonly apiServicePort?: number | undefined;
  readonly connector: NodeConnector;
  /** Whether nodes ask the API server from outside of this process, each at a socket of its own. */
  readonly hasDoors: boolean;
  /** Resolves when the node is ready to run pods. */
  start(context: NodeContext): Promise<RunningNode>;
  /** Stops its pods and then the node, however far its start has come. */
  stop(graceSeconds: number): Promise<void>;
  /** After a start that failed: ends what was started for it. What an earlier server left goes on, for the next one. */
  abandon(): Promise<void>;
}

export interface NodeContext {
  /** Of one node: each asks in its own name. */
  readonly clientFor: (nodeName: string) => KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export interface RunningNode {
  readonly runtime: string;
  readonly level: string;
  readonly limitations: readonly string[];
  readonly pid: number | undefined;
  readonly done: Promise<void>;
}

/** Of an earlier start with more nodes, or one that a pod names and nobody has. */
export function unknownNode(name: string): StatusError {
  return new StatusError('ServiceUnavailable', `node "${name}" does not run: this cluster was started without it`);
}
