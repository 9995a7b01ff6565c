import type { BackendLoad } from '../data-plane.ts';
import type { RouteBackend } from '../routing/routing-table.ts';
import type { ActiveSessions } from './active-sessions.ts';
import type { TrafficCounters } from './traffic.ts';
import type { Endpoint } from './upstream.ts';

/** One version behind one Service, with what is open to it; outlives the tables that name it until it is unused. */
export class Backend implements BackendLoad {
  readonly namespace: string;
  readonly split: string | undefined;
  readonly service: string;
  readonly version: string;
  readonly counters: TrafficCounters;
  openRequests = 0;
  openConnections = 0;
  /** Absent: no rule has sessions for it. */
  active: ActiveSessions | undefined;

  constructor(backend: RouteBackend, counters: TrafficCounters) {
    this.namespace = backend.namespace;
    this.split = backend.split;
    this.service = backend.service;
    this.version = backend.version;
    this.counters = counters;
  }

  get sessions(): number | undefined {
    return this.active?.count();
  }
}

/** Where a request goes. */
export interface Destination {
  readonly backend: Backend;
  readonly endpoint: Endpoint;
  /** The session that it belongs to, where the rule has sessions. */
  readonly session?: string | undefined;
  /** A header line for the answer. */
  readonly setCookie?: string | undefined;
}

/** A backend of one rule, with the endpoints that are ready: at least one. */
export class Candidate {
  readonly backend: Backend;
  readonly weight: number;
  readonly #endpoints: readonly Endpoint[];
  #turn = 0;

  constructor(backend: Backend, weight: number, endpoints: readonly Endpoint[]) {
    this.backend = backend;
    this.weight = weight;
    this.#endpoints = endpoints;
  }

  /** The fewest open requests; equals take turns. Undefined: there is only the excluded one. */
  leastLoaded(excluded: Endpoint | undefined): Destination | undefined {
    const endpoints = this.#endpoints;
    this.#turn = (this.#turn + 1) % Math.max(1, endpoints.length);
    let best: Endpoint | undefined;
    for (let offset = 0; offset < endpoints.length; offset++) {
      const endpoint = endpoints[(this.#turn + offset) % endpoints.length];
      if (endpoint === undefined || endpoint === excluded) continue;
      if (best === undefined || endpoint.openRequests < best.openRequests) best = endpoint;
    }
    return best && { backend: this.backend, endpoint: best };
  }
}
