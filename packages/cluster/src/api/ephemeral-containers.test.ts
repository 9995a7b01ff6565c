import { beforeEach, describe, expect, it } from 'vitest';
import type { EphemeralContainer, Pod } from '@slipway/kube/api.generated';
import { namespaces, pods, serviceAccounts } from '@slipway/kube/resources';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { adminIdentity } from './authorization.ts';

const key = { namespace: 'team', name: 'web' };
const container = { name: 'main', image: 'node:24' };
const debug = { name: 'debug', image: 'busybox', targetContainerName: 'main', stdin: true, tty: true };

let cluster: MemoryCluster;

beforeEach(async () => {
  cluster = await createMemoryCluster();
  await cluster.client.create(namespaces, { metadata: { name: 'team' } });
  await cluster.client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'team' } });
  await cluster.client.create(pods, { metadata: key, spec: { containers: [container] } });
});

function add(...ephemeralContainers: readonly EphemeralContainer[]): Promise<Pod> {
  const patch = { type: 'strategic', body: { metadata: { labels: { no: 'part' } }, spec: { ephemeralContainers } } };
  return cluster.client.patch(pods, key, patch as Parameters<typeof cluster.client.patch>[2], {
    subresource: 'ephemeralcontainers',
  });
}

describe('pods/ephemeralcontainers', () => {
  it('adds containers with their defaults, and changes nothing else', async () => {
    const { spec, metadata } = await add(debug);
    expect(spec?.ephemeralContainers).toEqual([
      {
        ...debug,
        imagePullPolicy: 'Always',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ]);
    expect(metadata.labels).toBeUndefined();
    expect((await add({ name: 'more', image: 'busybox' })).spec?.ephemeralContainers).toHaveLength(2);
  });

  it.each<{ name: string; asked: EphemeralContainer; says: string }>([
    {
      name: 'the name of another container',
      asked: { ...debug, name: 'main' },
      says: '[0].name: Duplicate value: "main"',
    },
    {
      name: 'a target that there is not',
      asked: { ...debug, targetContainerName: 'other' },
      says: 'targetContainerName: Not found: "other"',
    },
    { name: 'no image', asked: { name: 'debug' }, says: '[0].image: Required value' },
    {
      name: 'ports',
      asked: { ...debug, ports: [{ containerPort: 80 }] },
      says: '[0].ports: Forbidden: cannot be set for an Ephemeral Container',
    },
    {
      name: 'what it would be promised',
      asked: { ...debug, resources: { limits: { cpu: '1' } } },
      says: '[0].resources: Forbidden: cannot be set for an Ephemeral Container',
    },
  ])('refuses $name', async ({ asked, says }) => {
    await expect(add(asked)).rejects.toMatchObject({ reason: 'Invalid', message: expect.stringContaining(says) });
  });

  it('lets nobody change or remove one that is there', async () => {
    await add(debug);
    await expect(add({ ...debug, image: 'other' })).rejects.toMatchObject({
      message: expect.stringContaining('existing ephemeral containers "debug" may not be changed'),
    });
    const { spec, ...pod } = await cluster.client.get(pods, key);
    const without = { ...pod, spec: { ...spec, containers: [container], ephemeralContainers: [] } };
    await expect(cluster.client.update(pods, without, { subresource: 'ephemeralcontainers' })).rejects.toMatchObject({
      message: expect.stringContaining('may not be removed'),
    });
  });

  it('is the only way to them', async () => {
    const spec = { containers: [container], ephemeralContainers: [debug] };
    await expect(cluster.client.create(pods, { metadata: { ...key, name: 'other' }, spec })).rejects.toMatchObject({
      message: expect.stringContaining('spec.ephemeralContainers: Forbidden: cannot be set on create'),
    });
    const pod = await cluster.client.get(pods, key);
    await expect(cluster.client.update(pods, { ...pod, spec: { ...pod.spec, ...spec } })).rejects.toMatchObject({
      reason: 'Invalid',
    });
  });

  it.each(['ephemeralcontainers', 'status'])('deletes no pod by %s', async (subresource) => {
    const path = `/api/v1/namespaces/team/pods/web/${subresource}`;
    const request = { method: 'DELETE', path, query: new URLSearchParams(), headers: {} };
    expect((await cluster.api.handle(request, adminIdentity)).status).toBe(405);
    expect((await cluster.client.get(pods, key)).metadata.name).toBe('web');
  });
});
