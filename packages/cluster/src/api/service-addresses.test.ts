import type { Service } from '@slipway/kube/api.generated';
import { services } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';

let cluster: MemoryCluster;

beforeEach(async () => {
  cluster = await createMemoryCluster();
});

afterEach(() => cluster.close());

const key = { namespace: 'default', name: 'web' };
const nodePort = 30_501;
const free = { metadata: { name: 'other', namespace: 'default' }, spec: nodePorts(nodePort) };

function nodePorts(...ports: readonly number[]): NonNullable<Service['spec']> {
  return {
    type: 'NodePort',
    ports: ports.map((port, index) => ({ name: `p${index}`, port: 80 + index, nodePort: port })),
  };
}

function toNodePorts(...ports: readonly number[]) {
  return { type: 'merge', body: { spec: nodePorts(...ports) } } as const;
}

function createWeb(): Promise<Service> {
  return cluster.client.create(services, { metadata: key, spec: { ports: [{ name: 'p0', port: 80 }] } });
}

describe('node ports', () => {
  it('are given of the last ones first, since people choose the first ones', async () => {
    const small = await createMemoryCluster({ nodePorts: { first: 30_000, last: 30_019 } });
    try {
      const given = Array.from({ length: 5 }, (_, index) => ({ name: `p${index}`, port: 80 + index }));
      const { spec } = await small.client.create(services, { metadata: key, spec: { type: 'NodePort', ports: given } });
      const ports = spec?.ports?.map((port) => port.nodePort ?? 0) ?? [];
      expect(ports.slice(0, 4).toSorted()).toEqual([30_016, 30_017, 30_018, 30_019]);
      expect(ports[4]).toBe(30_000);
    } finally {
      await small.close();
    }
  });

  it('are one for a port that two protocols have, whoever chose it, and free again with the Service', async () => {
    const both = (nodePort?: number) =>
      (['TCP', 'UDP'] as const).map((protocol) => ({
        name: protocol.toLowerCase(),
        port: 53,
        protocol,
        ...(protocol === 'UDP' && nodePort !== undefined ? { nodePort } : {}),
      }));
    for (const chosen of [undefined, nodePort]) {
      const spec = { type: 'NodePort', ports: both(chosen) } as const;
      const created = await cluster.client.create(services, { metadata: key, spec });
      const [tcp, udp] = created.spec?.ports ?? [];
      expect(tcp?.nodePort).toBeGreaterThan(0);
      expect(udp?.nodePort).toBe(tcp?.nodePort);
      expect(chosen ?? tcp?.nodePort).toBe(tcp?.nodePort);
      // One of the two goes, and then the Service: nothing of the port stays behind.
      const less = { type: 'merge', body: { spec: { ports: created.spec?.ports?.slice(0, 1) } } } as const;
      await cluster.client.patch(services, key, less);
      await cluster.client.delete(services, key);
      const other = { metadata: free.metadata, spec: nodePorts(tcp?.nodePort ?? 0) };
      await expect(cluster.client.create(services, other)).resolves.toBeDefined();
      await cluster.client.delete(services, { namespace: 'default', name: 'other' });
    }
  });

  it('are not given to a Service of type LoadBalancer that wants none, but for those that it names', async () => {
    const ports = [
      { name: 'a', port: 80 },
      { name: 'b', port: 81, nodePort },
    ];
    const spec = { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports } as const;
    const created = await cluster.client.create(services, { metadata: key, spec });
    expect(created.spec?.ports?.map((each) => each.nodePort)).toEqual([undefined, nodePort]);
  });

  it('are free again after a creation that was refused', async () => {
    const refused = cluster.client.create(services, { metadata: key, spec: nodePorts(nodePort, 99) });
    await expect(refused).rejects.toMatchObject({ reason: 'Invalid' });
    await expect(cluster.client.create(services, free)).resolves.toBeDefined();
  });

  it('are free again after a dry run of a creation', async () => {
    await cluster.client.create(services, { metadata: key, spec: nodePorts(nodePort) }, { dryRun: true });
    await expect(cluster.client.create(services, free)).resolves.toBeDefined();
  });

  it('are free again after a dry run of a change', async () => {
    await createWeb();
    await cluster.client.patch(services, key, toNodePorts(nodePort), { dryRun: true });
    await expect(cluster.client.patch(services, key, toNodePorts(nodePort))).resolves.toBeDefined();
  });

  it('are free again after a change that was refused', async () => {
    await createWeb();
    const refused = cluster.client.patch(services, key, toNodePorts(nodePort, 99));
    await expect(refused).rejects.toMatchObject({ reason: 'Invalid' });
    await expect(cluster.client.create(services, free)).resolves.toBeDefined();
  });

  it('are free again after a change that others outran', async () => {
    await createWeb();
    const touch = { type: 'merge', body: { metadata: { labels: { touched: 'yes' } } } } as const;
    const racing = [touch, toNodePorts(nodePort)].map((patch) => cluster.client.patch(services, key, patch));
    await Promise.all(racing);
    await expect(cluster.client.create(services, free)).rejects.toMatchObject({ reason: 'Invalid' });
    await cluster.client.delete(services, key);
    await expect(cluster.client.create(services, free)).resolves.toBeDefined();
  });

  it('stay taken while a Service holds them', async () => {
    await createWeb();
    await cluster.client.patch(services, key, toNodePorts(nodePort));
    await expect(cluster.client.create(services, free)).rejects.toMatchObject({
      message: expect.stringContaining('provided port is already allocated'),
    });
  });
});

it('takes nothing for a service that is refused anyway, and says what is wrong with it', async () => {
  const spec = { clusterIP: 'here', type: 'NodePort', ports: [{ port: 0, targetPort: 80, nodePort }] } as const;
  await expect(cluster.client.create(services, { metadata: key, spec })).rejects.toMatchObject({
    details: { causes: [{ field: 'spec.clusterIPs[0]' }, { field: 'spec.ports[0].port' }] },
  });
  await expect(cluster.client.create(services, free)).resolves.toBeDefined();
});
