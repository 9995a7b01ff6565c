import type { Socket } from 'node:net';
import type { Clock } from '@slipway/kube/clock';
import type { DataPlaneCounter } from '../data-plane.ts';
import {
  type EndpointAddress,
  mayServe,
  routeKey,
  type RouteBackend,
  type RouteRule,
  type RoutingTable,
} from '../routing/routing-table.ts';
import { ActiveSessions } from './active-sessions.ts';
import { Backend, Candidate } from './backend.ts';
import { ForwardingRule } from './forwarding-rule.ts';
import { Mirror, MirrorTarget } from './mirror.ts';
import { PlaceSequence } from './places.ts';
import type { TrafficRegistry } from './traffic.ts';
import { Endpoint } from './upstream.ts';
import type { Newcomers } from './user-choice.ts';

export interface ForwardingOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly traffic: TrafficRegistry;
  readonly dial: (endpoint: EndpointAddress) => Socket;
}

/** So long a route that had ready pods may be without any, as between two events, before requests are told so. */
const gapMilliseconds = 1_000;

/** An endpoint that gets no new requests; `cancel` keeps what it has. */
interface Draining {
  cancel(): void;
}

/** What one table names. */
interface Named {
  /** Endpoints that may get new requests, and how long they drain. */
  readonly endpoints: Map<Endpoint, number>;
  readonly backends: Set<string>;
  /** Those that have sessions, and how long one is idle before it is over. */
  readonly sessions: Map<Backend, number>;
  readonly mirrors: Set<string>;
  readonly newcomers: Set<string>;
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
  readonly #mirrors = new Map<string, MirrorTarget>();
  readonly #newcomers = new Map<string, Newcomers>();
  #serving = new Map<Endpoint, number>();
  #rules = new Map<RouteRule, ForwardingRule>();
  /** By route: since when none of its pods is ready, which were; undefined while one is. */
  #gaps = new Map<string, number | undefined>();
  #tick = 0;

  constructor(options: ForwardingOptions) {
    this.#options = options;
  }

  ruleFor(rule: RouteRule): ForwardingRule | undefined {
    return this.#rules.get(rule);
  }

  /** How long a request may wait for a pod of a route that has just lost its last one. */
  holdInGap(rule: RouteRule): RouteRule['hold'] {
    const since = this.#gaps.get(routeKey(rule));
    const isRecent = since !== undefined && this.#options.clock.monotonic() - since < gapMilliseconds;
    return isRecent ? { seconds: gapMilliseconds / 1_000 } : undefined;
  }

  #findGaps(): Map<string, number | undefined> {
    const ready = new Set([...this.#rules].flatMap(([rule, { isReady }]) => (isReady ? [routeKey(rule)] : [])));
    const gaps = new Map<string, number | undefined>([...ready].map((key) => [key, undefined]));
    for (const rule of this.#rules.keys()) {
      const key = routeKey(rule);
      // One that never had a pod has lost none.
      if (!ready.has(key) && this.#gaps.has(key)) gaps.set(key, this.#gaps.get(key) ?? this.#options.clock.monotonic());
    }
    return gaps;
  }

  backends(): readonly Backend[] {
    return [...this.#backends.values()];
  }

  counters(): readonly DataPlaneCounter[] {
    return [...this.#mirrors.values()].flatMap((mirror) => mirror.counters());
  }

  install(table: RoutingTable): void {
    const named: Named = {
      endpoints: new Map(),
      backends: new Set(),
      sessions: new Map(),
      mirrors: new Set(),
      newcomers: new Set(),
    };
    this.#rules = new Map(table.rules.map((rule) => [rule, this.#resolve(rule, named)]));
    this.#gaps = this.#findGaps();
    const before = this.#serving;
    this.#serving = named.endpoints;
    for (const endpoint of named.endpoints.keys()) this.#stopDraining(endpoint);
    for (const [endpoint, drainSeconds] of before) {
      if (!named.endpoints.has(endpoint)) this.#startDraining(endpoint, drainSeconds);
    }
    this.#forgetUnnamed(named);
  }

  /** Once a second. */
  sweep(tick: number): void {
    this.#tick = tick;
    for (const endpoint of this.#endpoints.values()) {
      endpoint.closeExpired(tick);
      endpoint.flushGate.renew();
    }
    for (const mirror of this.#mirrors.values()) mirror.checkTime(tick);
  }

  close(): void {
    for (const mirror of this.#mirrors.values()) mirror.close();
    for (const draining of this.#draining.values()) draining.cancel();
    for (const endpoint of this.#endpoints.values()) endpoint.retire();
  }

  #resolve(rule: RouteRule, named: Named): ForwardingRule {
    const candidates = rule.backends.flatMap((described) =>
      this.#candidateFor(described, mayServe(rule, described) ? described.endpoints : [], named),
    );
    this.#countSessions(rule, named);
    return new ForwardingRule({
      rule,
      candidates,
      lastResort: candidates.some(({ weight }) => weight > 0) ? [] : this.#lastResortOf(rule, named),
      newcomers: () => this.#newcomersFor(rule, named),
      mirror: this.#mirrorFor(rule, named),
    });
  }

  /** None if there is no address; the backend is named all the same. */
  #candidateFor(described: RouteBackend, addresses: readonly EndpointAddress[], named: Named): Candidate[] {
    const key = backendKey(described);
    named.backends.add(key);
    const backend = this.#backendFor(key, described);
    if (addresses.length === 0) return [];
    const endpoints = addresses.map((address) => this.#endpointFor(address));
    for (const endpoint of endpoints) named.endpoints.set(endpoint, described.drainSeconds);
    return [new Candidate(backend, described.weight, endpoints)];
  }

  #lastResortOf({ backends }: RouteRule, named: Named): readonly Candidate[] {
    return backends
      .filter(({ weight }) => weight > 0)
      .flatMap((described) => this.#candidateFor(described, described.leaving ?? [], named));
  }

  /** Rules of one Split with the same cookie have the same users. */
  #newcomersFor({ backends: [first], sticky }: RouteRule, named: Named): Newcomers {
    const key = [first?.namespace ?? '', first?.split ?? '', sticky?.cookie ?? ''].join('\n');
    named.newcomers.add(key);
    const known = this.#newcomers.get(key);
    if (known !== undefined) return known;
    const { random } = this.#options;
    const newcomers = { places: new PlaceSequence(random()), random };
    this.#newcomers.set(key, newcomers);
    return newcomers;
  }

  #mirrorFor({ mirror }: RouteRule, named: Named): Mirror | undefined {
    if (mirror === undefined) return undefined;
    const key = backendKey(mirror.backend);
    named.mirrors.add(key);
    const target = this.#mirrors.get(key) ?? new MirrorTarget(mirror.backend);
    this.#mirrors.set(key, target);
    const [candidate] = this.#candidateFor(mirror.backend, mirror.backend.endpoints, named);
    if (candidate === undefined) return undefined;
    return new Mirror({ target, candidate, percent: mirror.percent, tick: () => this.#tick });
  }

  #countSessions({ backends, sessions }: RouteRule, named: Named): void {
    if (sessions === undefined) return;
    for (const described of backends) {
      const backend = this.#backendFor(backendKey(described), described);
      const idleSeconds = Math.max(sessions.idleSeconds, named.sessions.get(backend) ?? 0);
      named.sessions.set(backend, idleSeconds);
    }
  }

  #forgetUnnamed(named: Named): void {
    const { clock } = this.#options;
    for (const [key, backend] of this.#backends) {
      const idleSeconds = named.sessions.get(backend);
      if (idleSeconds === undefined) backend.active = undefined;
      else if (backend.active === undefined)
        backend.active = new ActiveSessions({ idleSeconds, now: () => clock.monotonic() });
      else backend.active.idleSeconds = idleSeconds;
      if (!named.backends.has(key) && backend.openRequests + backend.openConnections === 0) this.#forget(key, backend);
    }
    for (const [key, mirror] of this.#mirrors) if (!named.mirrors.has(key) && mirror.isIdle) this.#mirrors.delete(key);
    for (const key of this.#newcomers.keys()) if (!named.newcomers.has(key)) this.#newcomers.delete(key);
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
