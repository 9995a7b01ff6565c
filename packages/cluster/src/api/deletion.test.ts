import type { Namespace, Pod } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import type { DeleteOptions } from '@slipway/kube/client';
import type { KubeObject } from '@slipway/kube/object';
import { configMaps, namespaces, pods, services } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { adminIdentity } from './authorization.ts';

let clock: FakeClock;
let cluster: MemoryCluster;

beforeEach(async () => {
  clock = new FakeClock();
  cluster = await createMemoryCluster({ clock });
});

afterEach(() => cluster.close());

const key = { namespace: 'default', name: 'web' };

describe('a pod that runs', () => {
  beforeEach(async () => {
    await cluster.client.create(pods, {
      metadata: { ...key, generation: 1 },
      spec: { nodeName: 'n', containers: [{ name: 'web', image: 'web:1' }] },
    });
  });

  async function deleted(options: DeleteOptions = {}): Promise<Pod | undefined> {
    await cluster.client.delete(pods, key, options);
    return cluster.client.list(pods, { namespace: 'default' }).then(({ items }) => items[0]);
  }

  it('has its grace from the first request, and a later one shortens it from then', async () => {
    const start = clock.now();
    const first = await deleted();
    expect(first?.metadata).toMatchObject({
      deletionTimestamp: formatTime(start + 30_000),
      deletionGracePeriodSeconds: 30,
    });
    await clock.advance(5_000);
    const second = await deleted({ gracePeriodSeconds: 10 });
    expect(second?.metadata).toMatchObject({
      deletionTimestamp: formatTime(start + 10_000),
      deletionGracePeriodSeconds: 10,
    });
  });

  it.each([
    ['asks for a longer one', { gracePeriodSeconds: 60 }],
    ['asks for the same one', { gracePeriodSeconds: 20 }],
    ['asks for none', {}],
    ['asks for other finalizers', { propagationPolicy: 'Foreground' }],
  ] as const)('keeps it when a later request %s', async (_, options) => {
    const first = await deleted({ gracePeriodSeconds: 20 });
    await clock.advance(5_000);
    expect(await deleted(options)).toEqual(first);
  });

  it('keeps it when it has ended meanwhile and nobody asks for less', async () => {
    await deleted();
    await cluster.client.patch(
      pods,
      key,
      { type: 'merge', body: { status: { phase: 'Succeeded' } } },
      { subresource: 'status' },
    );
    expect((await deleted())?.metadata.deletionGracePeriodSeconds).toBe(30);
  });

  it('goes at once when that is forced', async () => {
    await deleted();
    expect(await deleted({ gracePeriodSeconds: 0 })).toBeUndefined();
  });

  it('has a second when less than none is asked for', async () => {
    expect((await deleted({ gracePeriodSeconds: -1 }))?.metadata.deletionGracePeriodSeconds).toBe(1);
  });
});

describe('what has finalizers', () => {
  beforeEach(async () => {
    await cluster.client.create(configMaps, { metadata: { ...key, finalizers: ['example.org/wait'] } });
  });

  async function finalizersAfter(propagationPolicy: DeleteOptions['propagationPolicy']): Promise<unknown> {
    await cluster.client.delete(configMaps, key, { propagationPolicy });
    const { metadata } = await cluster.client.get(configMaps, key);
    return metadata.finalizers;
  }

  it('waits from now on, and the last policy that was asked for counts', async () => {
    expect(await finalizersAfter('Orphan')).toEqual(['example.org/wait', 'orphan']);
    expect(await finalizersAfter(undefined)).toEqual(['example.org/wait', 'orphan']);
    expect(await finalizersAfter('Foreground')).toEqual(['example.org/wait', 'foregroundDeletion']);
    expect(await finalizersAfter('Background')).toEqual(['example.org/wait']);
    const { metadata } = await cluster.client.get(configMaps, key);
    expect(metadata).toMatchObject({ deletionTimestamp: formatTime(clock.now()), deletionGracePeriodSeconds: 0 });
  });

  it('is not written again by the same request', async () => {
    await finalizersAfter('Foreground');
    const { revision } = cluster.store;
    await clock.advance(5_000);
    await finalizersAfter('Foreground');
    expect(cluster.store.revision).toBe(revision);
  });
});

it('a namespace that ends keeps what its status says, and has no grace', async () => {
  await cluster.client.create(namespaces, { metadata: { name: 'team' } });
  await cluster.client.patch(
    namespaces,
    { name: 'team' },
    { type: 'merge', body: { status: { conditions: [{ type: 'Known', status: 'True' }] } } },
    { subresource: 'status' },
  );
  await cluster.client.delete(namespaces, { name: 'team' });
  const { metadata, status }: Namespace = await cluster.client.get(namespaces, { name: 'team' });
  expect(status).toMatchObject({ phase: 'Terminating', conditions: [{ type: 'Known' }] });
  expect(metadata).not.toHaveProperty('deletionGracePeriodSeconds');
});

describe('preconditions', () => {
  beforeEach(() => cluster.client.create(configMaps, { metadata: key }));

  it.each([
    [
      { uid: 'u' },
      /^Operation cannot be fulfilled on ConfigMap "web": the UID in the precondition \(u\) does not match/,
    ],
    [{ resourceVersion: '1' }, /ResourceVersion in the precondition \(1\) does not match .* might have been modified$/],
  ])('that do not hold are a conflict: %o', async (preconditions, message) => {
    await expect(cluster.client.delete(configMaps, key, { preconditions })).rejects.toMatchObject({
      reason: 'Conflict',
      code: 409,
      message: expect.stringMatching(message),
    });
  });
});

describe('what does not say how to delete', () => {
  it.each([
    [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: key }, /^no kind "ConfigMap" is registered for version "v1"/],
    [[], /must be of kind DeleteOptions$/],
    [{ preconditions: 'u' }, /cannot unmarshal string into Go struct field DeleteOptions.preconditions of type/],
    [{ preconditions: { uid: 7 } }, /cannot unmarshal number into Go struct field DeleteOptions.preconditions.uid/],
    [{ preconditions: { resourceVersion: [] } }, /cannot unmarshal array into .*.preconditions.resourceVersion of/],
  ])('deletes nothing: %j', async (json, message) => {
    await cluster.client.create(configMaps, { metadata: key });
    const path = '/api/v1/namespaces/default/configmaps/web';
    const asked = { method: 'DELETE', path, query: new URLSearchParams(), headers: {}, body: { json } };
    const { body } = await cluster.api.handle(asked, adminIdentity);
    const refused = { code: 400, reason: 'BadRequest', message: expect.stringMatching(message) };
    expect(body).toMatchObject({ value: refused });
    expect(await cluster.client.get(configMaps, key)).toMatchObject({ metadata: key });
  });
});

describe('the answer', () => {
  async function answerTo(path: string, dryRun = false): Promise<unknown> {
    const query = new URLSearchParams(dryRun ? { dryRun: 'All' } : {});
    const { body } = await cluster.api.handle(
      { method: 'DELETE', path: `/api/v1/namespaces/default/${path}/web`, query, headers: {} },
      adminIdentity,
    );
    return body.kind === 'json' ? JSON.parse(JSON.stringify(body.value)) : undefined;
  }

  it.each([false, true])('is a status where something has gone, or would go (dry run: %s)', async (dryRun) => {
    const { metadata }: KubeObject = await cluster.client.create(configMaps, { metadata: key });
    expect(await answerTo('configmaps', dryRun)).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'web', kind: 'configmaps', uid: metadata.uid },
    });
  });

  it('is the object where it waits, and always for a Service', async () => {
    await cluster.client.create(configMaps, { metadata: { ...key, finalizers: ['example.org/wait'] } });
    expect(await answerTo('configmaps')).toMatchObject({ kind: 'ConfigMap' });
    await cluster.client.create(services, { metadata: key, spec: { ports: [{ port: 80 }] } });
    expect(await answerTo('services')).toMatchObject({ kind: 'Service' });
  });
});
