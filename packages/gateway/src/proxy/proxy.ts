import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '@slipway/kube/clock';
import {
  emptyRoutingTable,
  matchRoute,
  type EndpointAddress,
  type RouteMatch,
  type RouteRule,
  type RoutingTable,
} from '../routing/routing-table.ts';
import { listen, type ListenAddress } from '../listen.ts';
import { ClientConnection, type ClientContext, type ClientOrigin } from './client-connection.ts';
import type { Certificates } from '../certificates.ts';
import type { DataPlane, DataPlaneCounter } from '../data-plane.ts';
import type { Backend } from './backend.ts';
import { Forwarding } from './forwarding.ts';
import type { ForwardingRule } from './forwarding-rule.ts';
import { type HoldLimits, HoldQueue } from './hold-queue.ts';
import { TrafficRegistry } from './traffic.ts';
import { probeMilliseconds } from './upstream.ts';

export interface ProxyOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly traffic?: TrafficRegistry | undefined;
  /** How a pod's port is reached; by default directly. */
  readonly dial?: ((endpoint: EndpointAddress) => Socket) | undefined;
  /** Connections at a time, those in their TLS handshake among them; 20,000 unless said otherwise. */
  readonly maxConnections?: number | undefined;
  /** What may wait for a backend; 1,000 requests and 32 MiB a route, 5,000 and 128 MiB in all, unless said otherwise. */
  readonly holdLimits?: HoldLimits | undefined;
}

const defaultMaxConnections = 20_000;

/** The built-in data plane. */
export class Proxy implements ClientContext, DataPlane {
  readonly traffic: TrafficRegistry;
  readonly holdQueue: HoldQueue;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #forwarding: Forwarding;
  readonly #maxConnections: number;
  /** Every connection from its first moment, and the clients that they become, with TLS after the handshake. */
  readonly #connections = new Set<Socket>();
  readonly #clients = new Set<ClientConnection>();
  readonly #servers: Server[] = [];
  #table: RoutingTable = emptyRoutingTable;
  #refused = 0;
  #tick = 0;
  #isClosing = false;
  #closed: Promise<void> | undefined;
  #cancelSweep: () => void = () => undefined;
  #onEmpty: (() => void) | undefined;

  constructor(options: ProxyOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#maxConnections = options.maxConnections ?? defaultMaxConnections;
    this.traffic = options.traffic ?? new TrafficRegistry();
    const dial = options.dial ?? ((endpoint) => connect({ host: endpoint.address, port: endpoint.port }));
    this.holdQueue = new HoldQueue(options.holdLimits);
    this.#forwarding = new Forwarding({ ...options, traffic: this.traffic, dial });
  }

  get tick(): number {
    return this.#tick;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Already when it returns, every new request is answered by this table. */
  install(table: RoutingTable): Promise<void> {
    this.#table = table;
    this.#forwarding.install(table);
    this.holdQueue.resume();
    return Promise.resolve();
  }

  backends(): readonly Backend[] {
    return this.#forwarding.backends();
  }

  counters(): readonly DataPlaneCounter[] {
    const refused = {
      name: 'slipway_gateway_refused_connections_total',
      help: 'Connections that were not taken: there were too many, or no file descriptor was left',
      value: this.#refused,
    };
    return [...this.#forwarding.counters(), ...this.holdQueue.counters(), refused];
  }

  listen(address: ListenAddress): Promise<number> {
    return this.#serve(createServer({ allowHalfOpen: true }), 'http', address);
  }

  listenTls(address: ListenAddress, certificates: Certificates): Promise<number> {
    return this.#serve(certificates.createServer(), 'https', address);
  }

  /** Serves another proxy, in front of this one, at a socket that nobody else reaches: it is believed about its clients. */
  async listenBehind(path: string): Promise<void> {
    await this.#serve(createServer({ allowHalfOpen: true }), 'behindProxy', { path });
  }

  async #serve(server: Server, origin: ClientOrigin, address: ListenAddress | { path: string }): Promise<number> {
    server.on('connection', (socket: Socket) => this.#admit(socket));
    server.on(origin === 'https' ? 'secureConnection' : 'connection', (socket: Socket) => this.#accept(socket, origin));
    const port = await listen(server, address, () => (this.#refused += 1));
    if (this.#isClosing) {
      await new Promise((resolve) => server.close(resolve));
      throw new Error('the proxy was closed before it served; one that is closed never serves again');
    }
    if (this.#servers.push(server) === 1) this.#scheduleSweep();
    return port;
  }

  /** Takes no new connections, lets every open request end for at most `graceSeconds`, then cuts the rest. */
  async close(graceSeconds = 10): Promise<void> {
    this.#closed ??= this.#close();
    // Who closes again may have less patience.
    const cut = this.#clock.schedule(graceSeconds * 1_000, () => {
      for (const client of this.#clients) client.socket.destroy();
    });
    await this.#closed;
    cut();
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    const closed = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const client of this.#clients) client.goAway();
    await this.#allClientsGone();
    // What is left is in its handshake.
    for (const socket of this.#connections) socket.destroy();
    await Promise.all(closed);
    this.#cancelSweep();
    this.#forwarding.close();
  }

  currentRule(host: string, path: string): ForwardingRule | undefined {
    const match = this.match(host, path);
    return match.kind === 'rule' ? this.ruleFor(match.rule) : undefined;
  }

  resumeHeld(): void {
    this.holdQueue.resume();
  }

  now(): number {
    return this.#clock.monotonic();
  }

  random(): number {
    return this.#random();
  }

  match(host: string, path: string): RouteMatch {
    return matchRoute(this.#table, host, path);
  }

  ruleFor(rule: RouteRule): ForwardingRule | undefined {
    return this.#forwarding.ruleFor(rule);
  }

  holdInGap(rule: RouteRule): RouteRule['hold'] {
    return this.#forwarding.holdInGap(rule);
  }

  forget(client: ClientConnection): void {
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#onEmpty?.();
  }

  #admit(socket: Socket): void {
    if (this.#connections.size >= this.#maxConnections || this.#isClosing) {
      this.#refused += 1;
      socket.destroy();
      return;
    }
    this.#connections.add(socket);
    socket.setKeepAlive(true, probeMilliseconds);
    socket.once('close', () => this.#connections.delete(socket));
  }

  #accept(socket: Socket, origin: ClientOrigin): void {
    if (this.#isClosing) socket.destroy();
    else if (!socket.destroyed) this.#clients.add(new ClientConnection(socket, origin, this));
  }

  #allClientsGone(): Promise<void> {
    if (this.#clients.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onEmpty = resolve));
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.#clock.schedule(1_000, () => {
      this.#tick += 1;
      for (const client of this.#clients) client.checkTime(this.#tick);
      this.#forwarding.sweep(this.#tick);
      this.holdQueue.resume();
      this.#scheduleSweep();
    });
  }
}
