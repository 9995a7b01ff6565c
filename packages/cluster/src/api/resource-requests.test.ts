import { silentLogger } from '@slipway/kube/logger';
import type { Pod } from '@slipway/kube/api.generated';
import { configMaps, pods, roleBindings, roles } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { adminIdentity } from './authorization.ts';

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

describe('an update of what is not there', () => {
  const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/mine';
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };

  async function put(at: string, json: object, identity = adminIdentity): Promise<number> {
    const asked = { method: 'PUT', path: at, query: new URLSearchParams(), headers: {}, body: { json } };
    return (await cluster.api.handle(asked, identity)).status;
  }

  it.each([{ resourceVersion: '7', name: 'mine' }, { uid: 'u', name: 'mine' }, { generateName: 'mine' }, { name: '' }])(
    'creates nothing where it means one that has been there, or has no name: %j',
    async (metadata) => {
      expect(await put(path, { ...lease, metadata })).toBe(404);
    },
  );

  it('creates nothing of most kinds', async () => {
    const json = { metadata: { name: 'mine' } };
    expect(await put('/api/v1/namespaces/default/configmaps/mine', json)).toBe(404);
  });

  it('creates it where Kubernetes does, for who may create it', async () => {
    const metadata = { name: 'lessee', namespace: 'default' };
    const rule = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['update'] };
    await cluster.client.create(roles, { metadata, rules: [rule] });
    await cluster.client.create(roleBindings, {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'lessee' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'ann' }],
    });
    const json = { ...lease, metadata: { name: 'mine' } };
    expect(await put(path, json, { user: 'ann', groups: [] })).toBe(403);
    expect(await put(path, json)).toBe(201);
    expect(await put(path, json)).toBe(200);
  });
});

describe('what an update leaves as it was', () => {
  const key = { namespace, name: 'p' };
  const pod: Pod = {
    metadata: { ...key, labels: { of: 'these' } },
    spec: {
      containers: [{ name: 'c', image: 'i:1', readinessProbe: { httpGet: { port: 80 } } }],
      volumes: [{ name: 'v', emptyDir: {} }],
    },
  };

  it.each([
    {
      how: 'a patch',
      change: (labels: object) => cluster.client.patch(pods, key, { type: 'merge', body: { metadata: { labels } } }),
    },
    {
      how: 'a whole object',
      change: async (labels: object) => {
        const { metadata, ...rest } = structuredClone(await cluster.client.get(pods, key));
        return cluster.client.update(pods, { ...rest, metadata: { ...metadata, labels: { ...labels } } });
      },
    },
  ])('is the same object after $how', async ({ change }) => {
    const { spec, status } = await cluster.client.create(pods, pod);
    const changed = await change({ x: 'y' });
    expect(changed.metadata.labels).toMatchObject({ x: 'y' });
    expect(changed.spec).toBe(spec);
    expect(changed.status).toBe(status);
  });
});
