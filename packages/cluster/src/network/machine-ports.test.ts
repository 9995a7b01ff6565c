import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Service } from '@slipway/kube/api.generated';
import { events, services } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { silentLogger } from '../../../kube/src/logger.ts';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { calculateMachineTable, openMachinePorts } from './machine-ports.ts';

/** Nobody else's loopback addresses, so that ports of them are free. */
const address = `127.68.${process.pid % 250}.9`;
const nodeAddress = `127.68.${process.pid % 250}.10`;
const taken = 30_100;
const free = 30_101;

describe('calculateMachineTable', () => {
  it('has every NodePort, of every protocol that is carried, with the node behind it', () => {
    const ports: NonNullable<Service['spec']>['ports'] = [
      { port: 80, nodePort: taken, protocol: 'TCP' },
      { name: 'dns', port: 53, nodePort: taken, protocol: 'UDP' },
      { port: 81, nodePort: free, protocol: 'SCTP' },
      { port: 82 },
    ];
    const all: Service[] = [
      { metadata: { name: 'web', namespace: 'shop' }, spec: { ports } },
      { metadata: { name: 'name', namespace: 'shop' }, spec: { externalName: 'example.org' } },
    ];
    const table = calculateMachineTable({ services: all, address: '127.0.0.1', nodeAddress: '10.1.0.1' });
    const common = { address: '127.0.0.1', port: taken, targets: [{ kind: 'tcp', address: '10.1.0.1', port: taken }] };
    const service = { namespace: 'shop', name: 'web' };
    expect(Object.fromEntries(table)).toEqual({
      [`127.0.0.1:${taken}`]: { ...common, protocol: 'TCP', service, name: 'shop/web:80' },
      [`127.0.0.1:${taken}/udp`]: { ...common, protocol: 'UDP', service, name: 'shop/web:dns' },
    });
  });
});

describe('openMachinePorts', () => {
  let cluster: MemoryCluster;
  let clock: FakeClock;
  let servers: Server[] = [];
  let ended: Promise<void>;
  const ending: { stop: AbortController } = { stop: new AbortController() };

  beforeEach(async () => {
    cluster = await createMemoryCluster();
    clock = new FakeClock();
    ending.stop = new AbortController();
    const { client } = cluster;
    const { signal } = ending.stop;
    const ports = openMachinePorts({
      client,
      clock,
      random: () => 0,
      logger: silentLogger,
      address,
      nodeAddress,
      signal,
    });
    ended = ports.done;
  });

  afterEach(async () => {
    ending.stop.abort();
    await ended;
    for (const server of servers) server.close();
    servers = [];
    await cluster.close();
  });

  async function serve(host: string, port: number, said: string): Promise<Server> {
    const server = createServer((socket) => socket.end(said));
    servers.push(server);
    await once(server.listen(port, host), 'listening');
    return server;
  }

  const create = (name: string, port: number): Promise<Service> =>
    cluster.client.create(services, {
      metadata: { name, namespace: 'default' },
      spec: { type: 'NodePort', ports: [{ port: 80, nodePort: port }] },
    });

  it('passes connections on to the node, until the Service is gone', async () => {
    await serve(nodeAddress, free, 'the node');
    await create('web', free);
    await expect.poll(() => ask(free)).toBe('the node');
    await cluster.client.delete(services, { namespace: 'default', name: 'web' });
    await expect.poll(() => ask(free)).toBe('ECONNREFUSED');
  });

  it('tells the Service whose port somebody else has, serves the others, and has it when it comes free', async () => {
    const other = await serve(address, taken, 'somebody else');
    await Promise.all([serve(nodeAddress, taken, 'the node'), serve(nodeAddress, free, 'the node')]);
    await create('late', taken);
    await create('web', free);
    await expect.poll(() => ask(free)).toBe('the node');
    const told = async (): Promise<unknown> => {
      const { items } = await cluster.client.list(events, { namespace: 'default' });
      return items.map(({ involvedObject, type, reason, message }) => [involvedObject.name, type, reason, message]);
    };
    const cause =
      'another program or cluster of this machine listens there: end it, or choose another port for the service';
    const message = `Service default/late:80 cannot be reached at ${address}:${taken}: ${cause}.`;
    await expect.poll(told).toEqual([['late', 'Warning', 'PortNotServed', message]]);
    expect(await ask(taken)).toBe('somebody else');
    await new Promise((resolve) => other.close(resolve));
    await clock.advance(10_000);
    await expect.poll(() => ask(taken)).toBe('the node');
  });
});

/** What is said there, or the code of why nothing is. */
async function ask(port: number): Promise<string> {
  const socket = connect({ host: address, port });
  try {
    await once(socket, 'connect');
    return await text(socket);
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}
