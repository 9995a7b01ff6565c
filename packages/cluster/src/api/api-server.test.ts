import { deployments, configMaps, namespaces, pods, roles, services } from '@slipway/kube/resources';
import type { ObjectMeta, Pod, Role } from '@slipway/kube/api.generated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { storeKey } from './object-key.ts';

let cluster: MemoryCluster;

beforeEach(async () => {
  cluster = await createMemoryCluster();
});

afterEach(() => cluster.close());

const podSpec = { containers: [{ name: 'web', image: 'web:1' }] };
const web: Pod = { metadata: { name: 'web', namespace: 'default' }, spec: podSpec };

describe('what an earlier version has stored as it came', () => {
  const at = { namespace: 'default', name: 'old' };

  async function storeOld(more: Partial<ObjectMeta> = {}): Promise<void> {
    const { metadata, spec } = await cluster.client.create(pods, web);
    const key = storeKey(pods, 'default', 'old');
    const container = { ...spec?.containers[0], resources: { requests: { cpu: '0.5' } } };
    const old = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, name: 'old', labels: {}, ...more },
      spec: { ...spec, hostNetwork: false, tolerations: [], containers: [container] },
    };
    await cluster.store.write({ key, expected: 0, encode: () => JSON.stringify(old) });
  }

  it('can be changed, although it would be written otherwise now', async () => {
    await storeOld();
    const labelled = await cluster.client.patch(pods, at, {
      type: 'merge',
      body: { metadata: { labels: { a: 'b' } } },
    });
    expect(labelled.metadata.labels).toEqual({ a: 'b' });
    expect(labelled.spec?.containers[0]?.resources?.requests).toEqual({ cpu: '500m' });
  });

  it('goes when nobody waits for it any more', async () => {
    await storeOld({ finalizers: ['example.org/a'] });
    await cluster.client.delete(pods, at, { gracePeriodSeconds: 0 });
    await cluster.client.patch(pods, at, { type: 'merge', body: { metadata: { finalizers: null } } });
    await expect(cluster.client.get(pods, at)).rejects.toMatchObject({ reason: 'NotFound' });
  });
});

describe('create', () => {
  it('stamps what the server owns and fills in defaults', async () => {
    const pod = await cluster.client.create(pods, web);
    expect(pod.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(pod.metadata.resourceVersion).toMatch(/^\d+$/);
    expect(pod.spec?.restartPolicy).toBe('Always');
    expect(pod.spec?.containers[0]?.imagePullPolicy).toBe('IfNotPresent');
    expect(pod.status?.phase).toBe('Pending');
  });

  it('refuses what exists', async () => {
    await cluster.client.create(pods, web);
    await expect(cluster.client.create(pods, web)).rejects.toMatchObject({
      reason: 'AlreadyExists',
      message: 'pods "web" already exists',
    });
  });

  it('says that it exists before it complains of what the existing one holds, and to who only tries too', async () => {
    const service = await cluster.client.create(services, {
      metadata: { name: 'web', namespace: 'default' },
      spec: { ports: [{ port: 80 }] },
    });
    const same = { metadata: { name: 'web', namespace: 'default' }, spec: { ...service.spec, type: undefined } };
    const exists = { reason: 'AlreadyExists' };
    await expect(cluster.client.create(services, same)).rejects.toMatchObject(exists);
    await expect(cluster.client.create(services, same, { dryRun: true })).rejects.toMatchObject(exists);
    const other = { ...same, metadata: { ...same.metadata, name: 'other' } };
    await expect(cluster.client.create(services, other)).rejects.toMatchObject({ reason: 'Invalid' });
  });

  it('refuses a namespace that does not exist', async () => {
    const elsewhere = { ...web, metadata: { name: 'web', namespace: 'nowhere' } };
    await expect(cluster.client.create(pods, elsewhere)).rejects.toMatchObject({
      reason: 'NotFound',
      message: 'namespaces "nowhere" not found',
    });
  });

  it('returns every fault at once', async () => {
    const bad: Pod = { metadata: { name: 'Web', namespace: 'default' }, spec: { containers: [{ name: 'a_b' }] } };
    const failure = await cluster.client.create(pods, bad).catch((error: unknown) => error);
    expect(failure).toMatchObject({ reason: 'Invalid', code: 422 });
    expect(failure).toHaveProperty('details.causes.length', 3);
  });

  it('makes a name from generateName', async () => {
    const pod = await cluster.client.create(pods, {
      metadata: { generateName: 'web-', namespace: 'default' },
      spec: podSpec,
    });
    expect(pod.metadata.name).toMatch(/^web-[a-z0-9]{5}$/);
  });

  it.each(['a_b-', 'Web'])('refuses names that begin with %s, and says so of the prefix', async (generateName) => {
    const bad: Pod = { metadata: { generateName, namespace: 'default' }, spec: podSpec };
    await expect(cluster.client.create(pods, bad)).rejects.toMatchObject({
      reason: 'Invalid',
      details: { causes: [{ field: 'metadata.generateName' }, { field: 'metadata.name' }] },
    });
    const named = { ...bad, metadata: { ...bad.metadata, name: 'web' } };
    await expect(cluster.client.create(pods, named)).rejects.toMatchObject({
      details: { causes: [{ field: 'metadata.generateName' }] },
    });
  });

  it('lets names begin with dots where they may be parts of a path, which they are not alone', async () => {
    const role = (metadata: ObjectMeta): Role => ({ metadata: { namespace: 'default', ...metadata } });
    const { metadata } = await cluster.client.create(roles, role({ generateName: '..' }));
    expect(metadata.name).toMatch(/^\.\.[a-z0-9]{5}$/);
    await expect(cluster.client.create(roles, role({ name: '..' }))).rejects.toMatchObject({
      message: `Role.rbac.authorization.k8s.io ".." is invalid: metadata.name: Invalid value: "..": may not be '..'`,
    });
    const field = 'metadata.generateName';
    await expect(cluster.client.create(roles, role({ name: 'a', generateName: '/%-' }))).rejects.toMatchObject({
      details: {
        causes: [
          { field, message: `Invalid value: "/%-": may not contain '/'` },
          { field, message: `Invalid value: "/%-": may not contain '%'` },
        ],
      },
    });
  });

  it('stores nothing in a dry run', async () => {
    await cluster.client.create(pods, web, { dryRun: true });
    await expect(cluster.client.get(pods, { namespace: 'default', name: 'web' })).rejects.toMatchObject({
      reason: 'NotFound',
    });
  });

  it('gives services different cluster IPs', async () => {
    const make = (name: string) =>
      cluster.client.create(services, { metadata: { name, namespace: 'default' }, spec: { ports: [{ port: 80 }] } });
    const [a, b] = await Promise.all([make('a'), make('b')]);
    expect(a.spec?.clusterIP).toMatch(/^10\.96\./);
    expect(a.spec?.clusterIP).not.toBe(b.spec?.clusterIP);
  });

  it('refuses an object that was read from somewhere', async () => {
    const read = { ...web, metadata: { ...web.metadata, resourceVersion: '7' } };
    await expect(cluster.client.create(pods, read)).rejects.toMatchObject({
      reason: 'BadRequest',
      message: 'resourceVersion should not be set on objects to be created',
    });
  });

  it('names unknown fields under strict validation', async () => {
    const body = { ...web, spec: { ...podSpec, foo: 1 } };
    await expect(cluster.client.create(pods, body, { fieldValidation: 'Strict' })).rejects.toMatchObject({
      message: 'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.foo"',
    });
  });
});

describe('update', () => {
  it('refuses a stale resourceVersion', async () => {
    const first = await cluster.client.create(configMaps, {
      metadata: { name: 'a', namespace: 'default' },
      data: { a: '1' },
    });
    await cluster.client.update(configMaps, { ...first, data: { a: '2' } });
    await expect(cluster.client.update(configMaps, { ...first, data: { a: '3' } })).rejects.toMatchObject({
      reason: 'Conflict',
    });
  });

  it.each([
    {
      field: 'name',
      reason: 'BadRequest',
      message: 'the name of the object (other) does not match the name on the URL (web)',
    },
    {
      field: 'namespace',
      reason: 'BadRequest',
      message: 'the namespace of the object (other) does not match the namespace on the request (default)',
    },
    {
      field: 'uid',
      reason: 'Invalid',
      message: 'Pod "web" is invalid: metadata.uid: Invalid value: "other": field is immutable',
    },
  ])('never changes the $field', async ({ field, ...refusal }) => {
    await cluster.client.create(pods, web);
    const patch = { type: 'merge', body: { metadata: { [field]: 'other' } } } as const;
    const patched = cluster.client.patch(pods, { namespace: 'default', name: 'web' }, patch);
    await expect(patched).rejects.toMatchObject(refusal);
  });

  it('counts generations for the spec and not for the status', async () => {
    const template = { metadata: { labels: { app: 'a' } }, spec: podSpec };
    const made = await cluster.client.create(deployments, {
      metadata: { name: 'a', namespace: 'default' },
      spec: { selector: { matchLabels: { app: 'a' } }, template },
    });
    const key = { namespace: 'default', name: 'a' };
    await cluster.client.patch(
      deployments,
      key,
      { type: 'merge', body: { status: { replicas: 1 } } },
      { subresource: 'status' },
    );
    const scaled = await cluster.client.patch(deployments, key, { type: 'merge', body: { spec: { replicas: 3 } } });
    expect(made.metadata.generation).toBe(1);
    expect(scaled.metadata.generation).toBe(2);
    expect(scaled.status?.replicas).toBe(1);
  });

  it('writes nothing when nothing changes', async () => {
    const first = await cluster.client.create(configMaps, {
      metadata: { name: 'a', namespace: 'default' },
      data: { a: '1' },
    });
    const same = await cluster.client.patch(
      configMaps,
      { namespace: 'default', name: 'a' },
      { type: 'merge', body: { data: { a: '1' } } },
    );
    expect(same.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  it('merges containers by name under a strategic patch', async () => {
    const template = { metadata: { labels: { app: 'a' } }, spec: podSpec };
    await cluster.client.create(deployments, {
      metadata: { name: 'a', namespace: 'default' },
      spec: { selector: { matchLabels: { app: 'a' } }, template },
    });
    const body = { spec: { template: { spec: { containers: [{ name: 'side', image: 'side:1' }] } } } };
    const patched = await cluster.client.patch(
      deployments,
      { namespace: 'default', name: 'a' },
      { type: 'strategic', body },
    );
    expect(patched.spec?.template?.spec?.containers.map(({ name }) => name).toSorted()).toEqual(['side', 'web']);
  });
});

describe('server-side apply', () => {
  const key = { namespace: 'default', name: 'a' };
  const body = (data: object): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data });

  it('creates, and changes nothing the second time', async () => {
    const first = await cluster.client.patch(
      configMaps,
      key,
      { type: 'apply', body: body({ a: '1' }) },
      { fieldManager: 'one' },
    );
    const second = await cluster.client.patch(
      configMaps,
      key,
      { type: 'apply', body: body({ a: '1' }) },
      { fieldManager: 'one' },
    );
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  it('takes no account of who owns what: that follows from who applies', async () => {
    const metadata = { name: 'a', managedFields: [{ manager: 'two', operation: 'Apply' }] };
    await expect(
      cluster.client.patch(
        configMaps,
        key,
        { type: 'apply', body: { ...body({}), metadata } },
        { fieldManager: 'one' },
      ),
    ).rejects.toMatchObject({ reason: 'BadRequest', message: 'metadata.managedFields must be nil' });
  });

  it('refuses to take a field that another manager owns, unless forced', async () => {
    await cluster.client.patch(
      configMaps,
      key,
      { type: 'apply', body: body({ a: '1', b: '1' }) },
      { fieldManager: 'one' },
    );
    const two = { type: 'apply', body: body({ a: '2' }) } as const;
    await expect(cluster.client.patch(configMaps, key, two, { fieldManager: 'two' })).rejects.toMatchObject({
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "one": .data.a',
    });
    const forced = await cluster.client.patch(configMaps, key, { ...two, force: true }, { fieldManager: 'two' });
    expect(forced).toHaveProperty('data', { a: '2', b: '1' });
  });

  it.each([
    ['another uid', { uid: 'other' }, 'Conflict', 'Precondition failed: UID in precondition: other'],
    ['an older version', { resourceVersion: '1' }, 'Conflict', 'the object has been modified'],
    ['another name', { name: 'b' }, 'BadRequest', 'the name of the object (b) does not match the name on the URL (a)'],
  ])('changes nothing where %s is meant', async (_, metadata, reason, message) => {
    await cluster.client.patch(configMaps, key, { type: 'apply', body: body({ a: '1' }) }, { fieldManager: 'one' });
    const other = { ...body({ a: '2' }), metadata: { name: 'a', ...metadata } };
    const patch = { type: 'apply', body: other, force: true } as const;
    await expect(cluster.client.patch(configMaps, key, patch, { fieldManager: 'one' })).rejects.toMatchObject({
      reason,
      message: expect.stringContaining(message),
    });
    expect(await cluster.client.get(configMaps, key)).toHaveProperty('data', { a: '1' });
  });

  it('applies to the version that is meant, and owns nothing of what says which', async () => {
    const first = await cluster.client.patch(
      configMaps,
      key,
      { type: 'apply', body: body({ a: '1' }) },
      { fieldManager: 'one' },
    );
    const { uid, resourceVersion } = first.metadata;
    const patch = {
      type: 'apply',
      body: { ...body({ a: '2' }), metadata: { name: 'a', uid, resourceVersion } },
    } as const;
    const second = await cluster.client.patch(configMaps, key, patch, { fieldManager: 'one' });
    expect(second).toHaveProperty('data', { a: '2' });
    expect(JSON.stringify(second.metadata.managedFields)).not.toMatch(/f:(uid|resourceVersion)/);
  });

  it('creates nothing in place of an object that is gone', async () => {
    const patch = { type: 'apply', body: { ...body({}), metadata: { name: 'a', uid: 'gone' } } } as const;
    await expect(cluster.client.patch(configMaps, key, patch, { fieldManager: 'one' })).rejects.toThrow(
      'uid mismatch: the provided object specified uid gone, and no existing object was found',
    );
  });

  it('removes a field that its only manager no longer applies', async () => {
    await cluster.client.patch(
      configMaps,
      key,
      { type: 'apply', body: body({ a: '1', b: '1' }) },
      { fieldManager: 'one' },
    );
    const less = await cluster.client.patch(
      configMaps,
      key,
      { type: 'apply', body: body({ a: '1' }) },
      { fieldManager: 'one' },
    );
    expect(less).toHaveProperty('data', { a: '1' });
  });
});

describe('watch', () => {
  it('shows an object that leaves the selection as deleted', async () => {
    const abort = new AbortController();
    const { metadata } = await cluster.client.list(configMaps);
    const events = cluster.client.watch(configMaps, {
      namespace: 'default',
      labelSelector: 'a=1',
      resourceVersion: metadata.resourceVersion,
      signal: abort.signal,
    });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of events) {
        seen.push(event.type);
        if (seen.length === 2) abort.abort();
      }
    })();
    await cluster.client.create(configMaps, { metadata: { name: 'a', namespace: 'default', labels: { a: '1' } } });
    await cluster.client.patch(
      configMaps,
      { namespace: 'default', name: 'a' },
      { type: 'merge', body: { metadata: { labels: { a: '2' } } } },
    );
    await reading;
    expect(seen).toEqual(['ADDED', 'DELETED']);
  });

  it('answers a revision that is too old with Expired', async () => {
    await cluster.close();
    cluster = await createMemoryCluster({ store: new MemoryStore({ ring: { maxEvents: 1, maxSize: 1_000 } }) });
    const abort = new AbortController();
    const events = cluster.client.watch(configMaps, { resourceVersion: '1', signal: abort.signal });
    await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({ reason: 'Expired' });
  });
});

describe('delete', () => {
  it('waits for finalizers', async () => {
    await cluster.client.create(configMaps, {
      metadata: { name: 'a', namespace: 'default', finalizers: ['example.org/wait'] },
    });
    await cluster.client.delete(configMaps, { namespace: 'default', name: 'a' });
    const waiting = await cluster.client.get(configMaps, { namespace: 'default', name: 'a' });
    expect(waiting.metadata.deletionTimestamp).toBeDefined();
    await cluster.client.patch(
      configMaps,
      { namespace: 'default', name: 'a' },
      { type: 'merge', body: { metadata: { finalizers: null } } },
    );
    await expect(cluster.client.get(configMaps, { namespace: 'default', name: 'a' })).rejects.toMatchObject({
      reason: 'NotFound',
    });
  });

  it('gives a pod on a node its grace', async () => {
    await cluster.client.create(pods, { ...web, spec: { ...podSpec, nodeName: 'n' } });
    await cluster.client.delete(pods, { namespace: 'default', name: 'web' });
    const pod = await cluster.client.get(pods, { namespace: 'default', name: 'web' });
    expect(pod.metadata.deletionGracePeriodSeconds).toBe(30);
    await cluster.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
    await expect(cluster.client.get(pods, { namespace: 'default', name: 'web' })).rejects.toMatchObject({
      reason: 'NotFound',
    });
  });

  it('refuses another uid', async () => {
    await cluster.client.create(pods, web);
    await expect(
      cluster.client.delete(pods, { namespace: 'default', name: 'web' }, { preconditions: { uid: 'other' } }),
    ).rejects.toMatchObject({ reason: 'Conflict' });
  });

  it('keeps a namespace until it is finalized', async () => {
    await cluster.client.create(namespaces, { metadata: { name: 'team' } });
    await cluster.client.delete(namespaces, { name: 'team' });
    const terminating = await cluster.client.get(namespaces, { name: 'team' });
    expect(terminating.status?.phase).toBe('Terminating');
    const late = { metadata: { name: 'late', namespace: 'team' } };
    await expect(cluster.client.create(configMaps, late)).rejects.toMatchObject({ reason: 'Forbidden' });
  });
});
