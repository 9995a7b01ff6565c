import { createSocket, type Socket } from 'node:dgram';
import type { Clock } from '@slipway/kube/clock';
import { ClientAffinity, nameOf } from './client-affinity.ts';
import type { Listening } from './service-listener.ts';
import type { ServiceTarget } from './service-table.ts';

/** As the kernel forgets who talked to whom by UDP. */
const idleMilliseconds = 30_000;
const maximumFlows = 4_096;

/** What goes between one client and one target, by a socket of its own: so the target's answers find the way back. */
interface Flow {
  readonly target: Extract<ServiceTarget, { kind: 'tcp' }>;
  readonly upstream: Socket;
  cancelEnd: () => void;
}

/** Passes datagrams for one address of a service on, those of one client to one target for as long as they keep coming. */
export class DatagramListener implements Listening {
  private readonly clock: Clock;
  private readonly affinity: ClientAffinity;
  private readonly flows = new Map<string, Flow>();
  private socket: Socket | undefined;
  private targets: readonly ServiceTarget[] = [];
  private affinitySeconds: number | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
    this.affinity = new ClientAffinity(clock);
  }

  /** Nobody tells a client of UDP that its target has gone: what it sends next goes to another one. */
  setTargets(targets: readonly ServiceTarget[], affinitySeconds?: number): void {
    this.targets = targets;
    this.affinitySeconds = affinitySeconds;
    const names = new Set(targets.map(nameOf));
    for (const [client, { target }] of this.flows) if (!names.has(nameOf(target))) this.end(client);
  }

  listen(address: string, port: number): Promise<void> {
    const socket = createSocket('udp4');
    this.socket = socket;
    socket.on('message', (message, { address: host, port: from }) => this.pass(message, { host, port: from }));
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address, port, exclusive: true }, () => {
        // What cannot be sent is lost, as datagrams are.
        socket.off('error', reject).on('error', () => {});
        resolve();
      });
    });
  }

  close(): void {
    for (const client of this.flows.keys()) this.end(client);
    this.socket?.close();
    this.socket = undefined;
  }

  private pass(message: Buffer, client: { readonly host: string; readonly port: number }): void {
    const key = `${client.host}:${client.port}`;
    const flow = this.flows.get(key) ?? this.open(key, client);
    if (flow === undefined) return;
    this.keep(key, flow);
    flow.upstream.send(message, flow.target.port, flow.target.address);
  }

  private open(key: string, client: { readonly host: string; readonly port: number }): Flow | undefined {
    const [target] = this.affinity.order(this.targets, client.host, this.affinitySeconds);
    if (target?.kind !== 'tcp') return undefined;
    if (this.affinitySeconds !== undefined) this.affinity.remember(client.host, target);
    const [oldest] = this.flows.keys();
    if (this.flows.size >= maximumFlows && oldest !== undefined) this.end(oldest);
    const upstream = createSocket('udp4');
    const flow: Flow = { target, upstream, cancelEnd: () => {} };
    upstream.on('error', () => {
      if (this.flows.get(key) === flow) this.end(key);
    });
    upstream.on('message', (answer, { address, port }) => {
      if (address !== target.address || port !== target.port) return;
      this.keep(key, flow);
      this.socket?.send(answer, client.port, client.host);
    });
    this.flows.set(key, flow);
    return flow;
  }

  private keep(key: string, flow: Flow): void {
    flow.cancelEnd();
    flow.cancelEnd = this.clock.schedule(idleMilliseconds, () => this.end(key));
  }

  private end(key: string): void {
    const flow = this.flows.get(key);
    if (flow === undefined) return;
    this.flows.delete(key);
    flow.cancelEnd();
    flow.upstream.close();
  }
}
