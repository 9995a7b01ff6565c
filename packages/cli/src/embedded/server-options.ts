import type { DataPlaneChoice } from '@slipway/gateway/open-data-plane';
import type { KubeconfigEntry } from '../connection/kubeconfig-entry.ts';
import type { ClusterState } from './data-directory.ts';

/** Where API server and gateway listen: nobody else reaches them. */
export const host = '127.0.0.1';

/** Nodes that run programs: each offers the whole machine. */
export const maximumRealNodes = 16;

/** How an embedded cluster is started: the command line of `slipway up`, checked and with its defaults. */
export interface ServerOptions {
  readonly dataDirectory: string;
  readonly ephemeral: boolean;
  /** 0: any free port. */
  readonly apiPort: number;
  readonly gatewayPort: number;
  /** What carries the gateway's requests. */
  readonly dataPlane: DataPlaneChoice;
  readonly runtime: 'auto' | 'process' | 'simulated';
  /** How many nodes there are. */
  readonly nodes: number;
  /** Which rights the node uses; `auto` finds out by trying. */
  readonly level: 'auto' | 'root' | 'user' | 'plain';
  /** Whether the delivery controller runs within the server; one outside may lead otherwise. */
  readonly controller: boolean;
  /** The deployment server beside it; undefined: none. */
  readonly deploymentServer: DeploymentServerOptions | undefined;
  /** The kubeconfig to add the cluster to, its file an absolute path; undefined: none. */
  readonly mergeInto: KubeconfigEntry | undefined;
}

interface DeploymentServerOptions {
  readonly port: number;
  /** Whether somebody asked for that port: otherwise another one serves as well. */
  readonly isPortNamed: boolean;
  readonly allowPrivateTargets: boolean;
}

/** What a detached server tells the command that started it. */
export type ServerReport =
  | { readonly kind: 'ready'; readonly state: ClusterState }
  | { readonly kind: 'failed'; readonly message: string; readonly exitCode: number };
