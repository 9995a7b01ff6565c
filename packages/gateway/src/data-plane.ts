import type { Certificates } from './certificates.ts';
import type { ListenAddress } from './listen.ts';
import type { TrafficRegistry } from './proxy/traffic.ts';
import type { RoutingTable } from './routing/routing-table.ts';

/** What is open to one version behind one Service; exact for those that get nothing new, which is when it matters. */
export interface BackendLoad {
  readonly namespace: string;
  /** The Split that names it; absent for an Ingress. */
  readonly split: string | undefined;
  readonly service: string;
  readonly version: string;
  readonly openRequests: number;
  /** Connections that have left HTTP, such as WebSockets. */
  readonly openConnections: number;
  /** That are active; absent where a rule has none, and while it is not known that there are none. */
  readonly sessions?: number | undefined;
}

/** A running total of the data plane itself, for the metrics. */
export interface DataPlaneCounter {
  readonly name: string;
  readonly help: string;
  /** Several with one name differ in them. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly value: number;
}

/**
 * What carries requests. It obeys a routing table and knows nothing of Kubernetes; every implementation passes
 * `testing/data-plane/contract.ts`.
 */
export interface DataPlane {
  readonly traffic: TrafficRegistry;
  /** Resolves when every new request is answered by this table or by a newer one; if it rejects, by the one before. */
  install(table: RoutingTable): Promise<void>;
  /** Plain HTTP; resolves with the port, rejects with `ListenError`. */
  listen(address: ListenAddress): Promise<number>;
  /** TLS with the certificates of the table in force; resolves with the port, rejects with `ListenError`. */
  listenTls(address: ListenAddress, certificates: Certificates): Promise<number>;
  /** Every version of the table in force, and those before it that still have something open. */
  backends(): readonly BackendLoad[];
  counters(): readonly DataPlaneCounter[];
  /** Takes no new connections, lets every open request end for at most `graceSeconds`, then cuts the rest. */
  close(graceSeconds?: number): Promise<void>;
}
