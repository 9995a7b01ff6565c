import { silentLogger } from '@slipway/kube/logger';
import { configMaps } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { MemoryStore } from '../store/memory-store.ts';

const namespace = 'default';
const selection = { namespace, labelSelector: 'of=these' };

let cluster: MemoryCluster;
let store: MemoryStore;

beforeEach(async () => {
  store = new MemoryStore({ logger: silentLogger });
  cluster = await createMemoryCluster({ store });
  for (const name of ['a', 'b', 'c']) await create(name);
});

afterEach(() => cluster.close());

function create(name: string): Promise<unknown> {
  return cluster.client.create(configMaps, { metadata: { name, namespace, labels: { of: 'these' } } });
}

async function names(): Promise<readonly (string | undefined)[]> {
  const { items } = await cluster.client.list(configMaps, selection);
  return items.map(({ metadata }) => metadata.name);
}

/** Something else happens after the objects have been listed and before the first of them goes. */
function meanwhile(happens: () => Promise<unknown>): void {
  const write = store.write.bind(store);
  vi.spyOn(store, 'write').mockImplementationOnce(async (mutation) => {
    await happens();
    return write(mutation);
  });
}

describe('deleting a collection', () => {
  it('deletes what is selected', async () => {
    await cluster.client.deleteCollection(configMaps, selection);
    expect(await names()).toEqual([]);
  });

  it('goes on where one has gone meanwhile', async () => {
    meanwhile(() => cluster.client.delete(configMaps, { namespace, name: 'b' }));
    await cluster.client.deleteCollection(configMaps, selection);
    expect(await names()).toEqual([]);
  });

  it('spares what has come in the place of one that was listed', async () => {
    meanwhile(async () => {
      await cluster.client.delete(configMaps, { namespace, name: 'b' });
      await create('b');
    });
    await cluster.client.deleteCollection(configMaps, selection);
    expect(await names()).toEqual(['b']);
  });

  it('fails where the store does', async () => {
    meanwhile(() => Promise.reject(new Error('the disk is full')));
    await expect(cluster.client.deleteCollection(configMaps, selection)).rejects.toMatchObject({
      reason: 'InternalError',
    });
  });
});
