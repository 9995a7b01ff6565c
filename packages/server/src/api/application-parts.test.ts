import type { EnvFromSource } from '@slipway/kube/api.generated';
import { configMaps, events, pods, secrets } from '@slipway/kube/resources';
import { countTrafficUntilAnnotation, splits } from '@slipway/kube/split';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shopSpec, startTestServer, type TestServer } from '../../testing/test-server.ts';

const shop = '/api/v1/namespaces/default/applications/shop';
const key = (name: string) => ({ namespace: 'default', name });

function specOf(version: string) {
  const base = shopSpec(`web:${version}`);
  const env = [
    { name: 'COLOUR', value: version === '1' ? 'blue' : 'red' },
    { name: 'DB_PASSWORD', value: `hunter${version}` },
  ];
  const envFrom: readonly EnvFromSource[] = [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'keys' } }];
  return {
    ...base,
    version,
    route: { hosts: ['shop.localhost'] },
    template: {
      spec: { containers: base.template.spec.containers.map((container) => ({ ...container, env, envFrom })) },
    },
  };
}

describe('what belongs to one application', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
    const { client } = server.cluster;
    await client.create(configMaps, { metadata: key('settings'), data: { colour: 'blue' } });
    await client.create(secrets, { metadata: key('keys'), data: { key: 'Zmlyc3Q=' } });
    await server.cluster.deploy(specOf('1'));
    await server.cluster.advance(30_000);
    const merge = (body: object) => ({ type: 'merge', body }) as const;
    await client.patch(configMaps, key('settings'), merge({ data: { colour: 'red', size: 'large' } }));
    await client.patch(secrets, key('keys'), merge({ data: { key: 'c2Vjb25k' } }));
    await server.cluster.deploy(specOf('2'));
    await server.cluster.advance(60_000);
  });
  afterAll(() => server.stop());

  it('is the preview of a version that waits for its promotion, and no other', async () => {
    const path = '/api/v1/namespaces/default/applications/next';
    const blueGreen = { autoPromote: false, previewHosts: ['look.localhost'] };
    const spec = (version: string) => ({
      ...shopSpec(`web:${version}`),
      version,
      guardSeconds: 0,
      route: { hosts: ['next.localhost'] },
      strategy: { type: 'blueGreen', blueGreen },
    });
    await server.call('PUT', path, { body: { spec: spec('1') } });
    await server.cluster.advance(30_000);
    expect((await server.call('GET', path)).body).toMatchObject({ phase: 'Stable' });
    expect((await server.call('GET', path)).body.preview).toBeUndefined();
    await server.call('PUT', path, { body: { spec: spec('2') } });
    await server.cluster.advance(30_000);
    const preview = { version: '2', urls: ['http://look.localhost/'] };
    expect((await server.call('GET', path)).body).toMatchObject({ phase: 'Paused', preview });
    await server.call('DELETE', path);
    await server.cluster.advance(30_000);
  });

  it('is its pods, with their version and whether they serve', async () => {
    const { status, body } = await server.call('GET', `${shop}/pods`);
    expect(status).toBe(200);
    expect(body.items).toMatchObject([
      { version: '2', release: 'shop-2', phase: 'Running', ready: true, serves: true, restarts: 0, node: 'node-a' },
    ]);
    expect((await server.call('GET', `${shop}er/pods`)).status).toBe(404);
  });

  it('is why a pod is not ready', async () => {
    const [pod] = (await server.cluster.client.list(pods, { namespace: 'default' })).items;
    const waiting = { reason: 'CrashLoopBackOff', message: 'back-off 10s' };
    const terminated = { exitCode: 137, reason: 'OOMKilled' };
    const containerStatuses = [
      {
        name: 'web',
        image: 'i',
        imageID: 'i@sha256:1',
        ready: false,
        restartCount: 3,
        state: { waiting },
        lastState: { terminated },
      },
    ];
    const body = { ...pod, metadata: { ...pod?.metadata, name: 'broken', uid: undefined, resourceVersion: undefined } };
    await server.cluster.client.create(pods, body);
    await server.cluster.client.patch(
      pods,
      key('broken'),
      { type: 'merge', body: { status: { containerStatuses } } },
      { subresource: 'status' },
    );
    await server.cluster.advance(0);
    const answer = await server.call('GET', `${shop}/pods`);
    const broken = answer.body.items.find(({ name }: { readonly name: string }) => name === 'broken');
    expect(broken).toMatchObject({ restarts: 3, containers: [{ imageID: 'i@sha256:1', state: 'waiting' }] });
    expect(broken.reasons).toEqual(
      expect.arrayContaining([
        'web waits: CrashLoopBackOff: back-off 10s',
        'web ended before with exit code 137: OOMKilled',
      ]),
    );
    await server.cluster.client.delete(pods, key('broken'), { gracePeriodSeconds: 0 });
  });

  it('is what the cluster noted of it and of its pods, and of nothing else', async () => {
    const [pod] = (await server.call('GET', `${shop}/pods`)).body.items;
    const note = (name: string, kind: string, about: string, lastTimestamp: string) =>
      server.cluster.client.create(events, {
        metadata: key(name),
        involvedObject: { kind, name: about, namespace: 'default' },
        reason: 'Noted',
        message: `of ${about}, ${name}`,
        type: 'Warning',
        lastTimestamp,
      });
    await note('a', 'Pod', pod.name, '2030-01-01T00:00:01Z');
    await note('b', 'Release', 'shop-1', '2030-01-01T00:00:02Z');
    await note('b.later', 'Release', 'shop-1', '2030-01-01T00:00:02Z');
    await note('c', 'Pod', 'other-1-abc', '2030-01-01T00:00:03Z');
    const { body } = await server.call('GET', `${shop}/events?limit=3`);
    expect(body.items).toMatchObject([
      { kind: 'Release', name: 'shop-1', message: 'of shop-1, b.later' },
      { kind: 'Release', name: 'shop-1', reason: 'Noted', message: 'of shop-1, b' },
      { kind: 'Pod', name: pod.name, type: 'Warning', count: 1 },
    ]);
    const { body: all } = await server.call('GET', `${shop}/events`);
    expect(JSON.stringify(all)).not.toContain('other-1-abc');
  });

  it('is what its versions differ in, without what is secret', async () => {
    const { status, body } = await server.call('GET', `${shop}/difference?from=1&to=2`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ from: 'shop-1', to: 'shop-2', unknown: [] });
    const found = new Map(
      body.changes.map((change: { part: string; field: string }) => [`${change.part} ${change.field}`, change]),
    );
    expect(found.get('spec template.spec.containers[web].image')).toMatchObject({ before: 'web:1', after: 'web:2' });
    expect(found.get('spec template.spec.containers[web].env[COLOUR].value')).toMatchObject({
      type: 'changed',
      after: 'red',
    });
    expect(found.get('ConfigMap/settings colour')).toMatchObject({ before: 'blue', after: 'red' });
    expect(found.get('ConfigMap/settings size')).toMatchObject({ type: 'added', after: 'large' });
    expect(found.get('Secret/keys key')).toEqual({ part: 'Secret/keys', field: 'key', type: 'changed' });
    const text = JSON.stringify(body);
    for (const secret of ['hunter', 'Zmlyc3Q=', 'c2Vjb25k', 'second']) expect(text).not.toContain(secret);
    expect((await server.call('GET', `${shop}/difference?from=1&to=9`)).status).toBe(404);
  });

  it('is what each pod answered when it was asked for its health', async () => {
    const { body } = await server.call('GET', '/api/v1/namespaces/default/releases/shop-1/health');
    expect(body.items).toMatchObject([{ outcome: 'passed', code: 200, answer: '{"healthy":true}' }]);
  });

  it('is how its versions are asked and answer, counted from the first question on', async () => {
    const count = async (requests: number) => {
      const { metadata } = await server.cluster.client.get(splits, key('shop'));
      const observedGeneration = metadata.generation ?? 0;
      const traffic = [{ version: '2', requests, serverErrors: requests / 10, durations: [0, requests] }];
      const instances = [
        { name: 'gateway-0', observedGeneration, inForceSince: '2026-01-01T00:00:00.000000Z', traffic },
      ];
      await server.cluster.client.patch(
        splits,
        key('shop'),
        { type: 'merge', body: { status: { instances } } },
        { subresource: 'status' },
      );
    };
    const first = await server.call('GET', `${shop}/traffic`);
    expect(first.body.items).toMatchObject([{ counted: true, versions: [] }]);
    const split = await server.cluster.client.get(splits, key('shop'));
    const until = Date.parse(split.metadata.annotations?.[countTrafficUntilAnnotation] ?? '');
    expect(until).toBeGreaterThan(server.cluster.clock.now() + 200_000);
    await count(0);
    await server.cluster.advance(5_000);
    await count(100);
    await server.cluster.advance(5_000);
    const { body } = await server.call('GET', '/api/v1/traffic?application=default/shop&application=default/none');
    const [{ versions }] = body.items;
    expect(versions).toMatchObject([{ version: '2' }]);
    const point = versions[0].points.at(-1);
    expect(point).toMatchObject({ rate: 20, errorRate: 2 });
    expect(point.p50).toBeCloseTo(0.00175, 5);
    const later = await server.call('GET', `${shop}/traffic?after=${point.at}`);
    expect(later.body.items[0].versions).toMatchObject([{ version: '2', points: [] }]);
  });

  it('is seen by those who may see its namespace', async () => {
    const token = await server.tokenFor({ role: 'admin', namespaces: ['bank'] });
    for (const part of ['pods', 'events', 'difference?from=1&to=2', 'traffic'])
      expect((await server.call('GET', `${shop}/${part}`, { token })).status).toBe(403);
    expect((await server.call('GET', '/api/v1/traffic?application=default/shop', { token })).body.items).toEqual([]);
  });

  it('runs in an environment, of which everybody sees his own', async () => {
    const { body } = await server.call('GET', '/api/v1/environments');
    const found = body.items.find(({ namespace }: { namespace: string }) => namespace === 'default');
    expect(found).toMatchObject({ permissions: ['view', 'operate', 'approve', 'admin'], applications: 1 });
    const token = await server.tokenFor({ role: 'operate', namespaces: ['default'] });
    const own = await server.call('GET', '/api/v1/environments', { token });
    expect(own.body.items).toMatchObject([{ namespace: 'default', permissions: ['view', 'operate'] }]);
  });

  it('is a release that somebody goes back to, which began anew then', async () => {
    const asked = server.call('POST', `${shop}/commands`, { body: { verb: 'rollback', version: '1' } });
    expect((await server.during(asked)).status).toBe(202);
    await server.cluster.advance(60_000);
    const { body } = await server.call('GET', '/api/v1/releases?namespace=default&application=shop');
    const { createdAt, startedAt, finishedAt } = body.items.find(({ name }: { name: string }) => name === 'shop-1');
    expect(Date.parse(startedAt) - Date.parse(createdAt)).toBeGreaterThan(60_000);
    expect(Date.parse(finishedAt)).toBeGreaterThan(Date.parse(startedAt));
  });
});
