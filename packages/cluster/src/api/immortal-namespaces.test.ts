import { configMaps, namespaces } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';

let cluster: MemoryCluster;

beforeAll(async () => {
  cluster = await createMemoryCluster();
});
afterAll(() => cluster.close());

describe.each(['default', 'kube-system', 'kube-public'])('the namespace %s', (name) => {
  it.each([{}, { dryRun: true }, { gracePeriodSeconds: 0 }])('may not be deleted: %j', async (options) => {
    await expect(cluster.client.delete(namespaces, { name }, options)).rejects.toMatchObject({
      reason: 'Forbidden',
      code: 403,
      message: `namespaces "${name}" is forbidden: this namespace may not be deleted`,
      details: { name, kind: 'namespaces' },
    });
    expect((await cluster.client.get(namespaces, { name })).metadata.deletionTimestamp).toBeUndefined();
  });
});

it('says of a namespace that is not the one that was meant that it is another', async () => {
  const options = { preconditions: { uid: 'other' } };
  await expect(cluster.client.delete(namespaces, { name: 'default' }, options)).rejects.toMatchObject({
    reason: 'Conflict',
  });
});

it('lets other namespaces and their like-named objects go', async () => {
  await cluster.client.create(namespaces, { metadata: { name: 'team' } });
  await cluster.client.delete(namespaces, { name: 'team' });
  expect((await cluster.client.get(namespaces, { name: 'team' })).metadata.deletionTimestamp).toBeDefined();
  const key = { name: 'kube-system', namespace: 'default' };
  await cluster.client.create(configMaps, { metadata: key });
  await cluster.client.delete(configMaps, key);
  expect((await cluster.client.list(configMaps, { namespace: 'default' })).items).toEqual([]);
});
