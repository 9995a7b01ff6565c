import type { Clock } from '@slipway/kube/clock';
import type { Socket } from 'node:net';
import {
  type EndpointAddress,
  type RouteBackend,
  type RouteRule,
  type RoutingTable,
} from '../routing/routing-table.ts';
import { WeightedPicker } from '../routing/weighted-picker.ts';
import type { BackendLoad } from '../data-plane.ts';
import type { TrafficCounters, TrafficRegistry } from './traffic.ts';
import { Endpoint } from './upstream.ts';

/** One version behind one Service, with what is open to it; outlives the tables that name it until it is unused. */
export class Backend implements BackendLoad {
  readonly namespace: string;
  readonly split: string | undefined;
  readonly service: string;
  readonly version: string;
  readonly counters: TrafficCounters;
  openRequests = 0;
  openConnections = 0;

  constructor(backend: RouteBackend, counters: TrafficCounters) {
    this.namespace = backend.namespace;
    this.split = backend.split;
    this.service = backend.service;
    this.version = backend.version;
    this.counters = counters;
  }
}

export interface Destination {
  readonly backend: Backend;
  readonly endpoint: Endpoint;
}

interface WeightedBackend {
  readonly backend: Backend;
  readonly weight: number;
  readonly endpoints: readonly Endpoint[];
}

/** The choice of a destination under one rule; only backends with weight and a ready endpoint take part. */
export class ForwardingRule {
  readonly rule: RouteRule;
  readonly #candidates: readonly WeightedBackend[];
  readonly #picker: WeightedPicker<WeightedBackend>;
  #turn = 0;

  constructor(rule: RouteRule, candidates: readonly WeightedBackend[]) {
    this.rule = rule;
    this.#candidates = candidates;
    this.#picker = new WeightedPicker(candidates, (candidate) => candidate.weight);
  }

  /** Undefined: no backend with weight has a ready endpoint. */
  pick(): Destination | undefined {
    const chosen = this.#picker.pick();
    return chosen && this.#leastLoaded(chosen, undefined);
  }

  /** For a second try: another pod of the same version, else of another, else the same pod again. */
  pickOther(failed: Destination): Destination | undefined {
    const same = this.#candidates.filter((candidate) => candidate.backend === failed.backend);
    for (const candidate of [...same, ...this.#candidates]) {
      const other = this.#leastLoaded(candidate, failed.endpoint);
      if (other !== undefined) return other;
    }
    return same.length > 0 ? failed : this.pick();
  }

  /** The fewest open requests; equals take turns. */
  #leastLoaded({ backend, endpoints }: WeightedBackend, excluded: Endpoint | undefined): Destination | undefined {
    this.#turn = (this.#turn + 1) % Math.max(1, endpoints.length);
    let best: Endpoint | undefined;
    for (let offset = 0; offset < endpoints.length; offset++) {
      const endpoint = endpoints[(this.#turn + offset) % endpoints.length];
      if (endpoint === undefined || endpoint === excluded) continue;
      if (best === undefined || endpoint.openRequests < best.openRequests) best = endpoint;
    }
    return best && { backend, endpoint: best };
  }
}

export interface ForwardingOptions {
  readonly clock: Clock;
  readonly traffic: TrafficRegistry;
  readonly dial: (endpoint: EndpointAddress) => Socket;
}

/** An endpoint that gets no new requests; `cancel` keeps what it has. */
interface Draining {
  cancel(): void;
}

/**
 * The table in force, joined to what lives longer than a table: connections and counts. An endpoint that loses its traffic
 * finishes what it has; after its drain time its idle connections close and WebSockets are asked to go elsewhere.
 */
export class Forwarding {
  readonly #options: ForwardingOptions;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #backends = new Map<string, Backend>();
  readonly #draining = new Map<Endpoint, Draining>();
  #serving = new Map<Endpoint, number>();
  #rules = new Map<RouteRule, ForwardingRule>();

  constructor(options: ForwardingOptions) {
    this.#options = options;
  }

  ruleFor(rule: RouteRule): ForwardingRule | undefined {
    return this.#rules.get(rule);
  }

  backends(): readonly Backend[] {
    return [...this.#backends.values()];
  }

  install(table: RoutingTable): void {
    const serving = new Map<Endpoint, number>();
    const named = new Set<string>();
    const rules = new Map<RouteRule, ForwardingRule>();
    for (const rule of table.rules) rules.set(rule, this.#resolve(rule, serving, named));
    const before = this.#serving;
    this.#rules = rules;
    this.#serving = serving;
    for (const endpoint of serving.keys()) this.#stopDraining(endpoint);
    for (const [endpoint, drainSeconds] of before) {
      if (!serving.has(endpoint)) this.#startDraining(endpoint, drainSeconds);
    }
    for (const [key, backend] of this.#backends) {
      if (!named.has(key) && backend.openRequests + backend.openConnections === 0) this.#forget(key, backend);
    }
  }

  /** Once a second. */
  sweep(tick: number): void {
    for (const endpoint of this.#endpoints.values()) endpoint.closeExpired(tick);
  }

  close(): void {
    for (const draining of this.#draining.values()) draining.cancel();
    for (const endpoint of this.#endpoints.values()) endpoint.retire();
  }

  #resolve(rule: RouteRule, serving: Map<Endpoint, number>, named: Set<string>): ForwardingRule {
    const candidates: WeightedBackend[] = [];
    for (const described of rule.backends) {
      const key = backendKey(described);
      named.add(key);
      const backend = this.#backendFor(key, described);
      if (described.weight <= 0 || described.endpoints.length === 0) continue;
      const endpoints = described.endpoints.map((address) => this.#endpointFor(address));
      for (const endpoint of endpoints) serving.set(endpoint, described.drainSeconds);
      candidates.push({ backend, weight: described.weight, endpoints });
    }
    return new ForwardingRule(rule, candidates);
  }

  #backendFor(key: string, described: RouteBackend): Backend {
    const known = this.#backends.get(key);
    if (known !== undefined) return known;
    const backend = new Backend(described, this.#options.traffic.hold(described));
    this.#backends.set(key, backend);
    return backend;
  }

  #forget(key: string, { counters }: Backend): void {
    this.#backends.delete(key);
    this.#options.traffic.release(counters);
  }

  #endpointFor(address: EndpointAddress): Endpoint {
    const key = `${address.address} ${address.port}`;
    const known = this.#endpoints.get(key);
    if (known !== undefined) return known;
    const endpoint = new Endpoint(address, this.#options.dial);
    this.#endpoints.set(key, endpoint);
    return endpoint;
  }

  #stopDraining(endpoint: Endpoint): void {
    this.#draining.get(endpoint)?.cancel();
    this.#draining.delete(endpoint);
  }

  #startDraining(endpoint: Endpoint, drainSeconds: number): void {
    const cancel = this.#options.clock.schedule(drainSeconds * 1_000, () => {
      this.#draining.delete(endpoint);
      endpoint.retire();
      for (const tunnel of endpoint.tunnels) tunnel.goAway();
      this.#endpoints.delete(`${endpoint.address} ${endpoint.port}`);
    });
    this.#draining.set(endpoint, { cancel });
  }
}

function backendKey(backend: RouteBackend): string {
  return [backend.namespace, backend.split ?? '', backend.application, backend.service, backend.version].join('\n');
}
