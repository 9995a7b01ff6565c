import { pods } from '@slipway/kube/resources';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';

let cluster: MemoryCluster;

beforeAll(async () => {
  cluster = await createMemoryCluster();
});
afterAll(() => cluster.close());

it('bears nodes that are not ready for a while, and so does what replaces it without a word', async () => {
  const metadata = { name: 'p', namespace: 'default' };
  const created = await cluster.client.create(pods, { metadata, spec: { containers: [{ name: 'c', image: 'i' }] } });
  const keys = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
  expect(created.spec?.tolerations?.map(({ key }) => key)).toEqual(keys);
  const { tolerations: _, ...spec } = created.spec ?? { containers: [] };
  const own = { key: 'own', operator: 'Exists' as const };
  const replaced = await cluster.client.update(pods, { ...created, spec: { ...spec, tolerations: [own] } });
  expect(replaced.spec?.tolerations?.map(({ key }) => key)).toEqual(['own', ...keys]);
});
