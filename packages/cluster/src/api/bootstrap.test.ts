import { services } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { bootstrap } from './bootstrap.ts';

let cluster: MemoryCluster;

beforeEach(async () => {
  cluster = await createMemoryCluster();
});

afterEach(() => cluster.close());

const key = { namespace: 'default', name: 'kubernetes' };
const apiAddress = { ip: '127.0.0.1', port: 6443 };

describe('bootstrap', () => {
  it('changes nothing of the Service of the API server that is as it should be', async () => {
    const before = await cluster.client.get(services, key);
    expect(before.spec?.ports).toMatchObject([{ name: 'https', port: 443 }]);
    await bootstrap({ client: cluster.client, apiServiceAddress: '10.96.0.1', apiAddress });
    expect(await cluster.client.get(services, key)).toEqual(before);
  });

  it('gives it another port where the usual one cannot be had any more', async () => {
    await bootstrap({ client: cluster.client, apiServiceAddress: '10.96.0.1', apiServicePort: 6443, apiAddress });
    const { spec } = await cluster.client.get(services, key);
    expect(spec).toMatchObject({ clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 6443, targetPort: 6443 }] });
  });
});
