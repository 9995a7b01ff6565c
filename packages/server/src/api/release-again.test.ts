/** Back to any version: also to one that the cluster has forgotten. */
import { applications } from '@slipway/delivery/api/application';
import { releases as releaseType } from '@slipway/delivery/api/release';
import type { KubeClient } from '@slipway/kube/client';
import { configMaps } from '@slipway/kube/resources';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { passOn } from '../../testing/pass-on.ts';
import { shopSpec, startTestServer, type TestServer } from '../../testing/test-server.ts';

const shop = '/api/v1/namespaces/default/applications/shop';
const releases = '/api/v1/namespaces/default/releases';
const history = { limit: 1, rollbackWindowSeconds: 0 };
const key = { namespace: 'default', name: 'shop' };
const settings = { namespace: 'default', name: 'settings' };

/** Each asks for its health elsewhere. */
function specOf(version: string) {
  const { template, healthCheck, ...spec } = shopSpec(`web:${version}`);
  const envFrom = [{ configMapRef: { name: 'settings' } }];
  const containers = template.spec.containers.map((container) => ({ ...container, envFrom }));
  const path = `/health?of=${version}`;
  return {
    ...spec,
    version,
    replicas: 2,
    history,
    template: { spec: { containers } },
    healthCheck: { ...healthCheck, path },
  };
}

let server: TestServer;
/** Is written before the server writes the next time. */
let meanwhile: (() => Promise<unknown>) | undefined;

const overtake = (client: KubeClient): KubeClient => ({
  ...passOn(client),
  update: async (...args) => {
    const write = args[2]?.dryRun === true ? undefined : meanwhile;
    if (write !== undefined) meanwhile = undefined;
    await write?.();
    return await client.update(...args);
  },
});

beforeAll(async () => {
  server = await startTestServer({ through: overtake });
  for (const version of ['1', '2', '3', '4']) {
    const body = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: settings,
      data: { colour: version < '3' ? 'blue' : 'red' },
    };
    await server.cluster.client.patch(
      configMaps,
      settings,
      { type: 'apply', body, force: true },
      { fieldManager: 'test' },
    );
    await server.cluster.deploy(specOf(version));
    await server.cluster.advance(60_000);
  }
  while ((await server.call('GET', `${releases}/shop-1`)).body.deletedAt === undefined)
    await server.cluster.advance(10_000);
});
afterAll(() => server.stop());

/** An answer that waits for the controller needs time to go on. */
const ask = (path: string, more: object = {}) => server.during(server.call('POST', path, more));

describe('a version that the cluster has forgotten', () => {
  it('is among the versions that can be compared, any two of them', async () => {
    expect((await server.call('GET', `${shop}/versions`)).body.items).toEqual(['4', '3', '2', '1']);
    const { status, body } = await server.call('GET', `${shop}/difference?from=1&to=2`);
    expect(status).toBe(200);
    expect(body.changes).toContainEqual(expect.objectContaining({ before: 'web:1', after: 'web:2' }));
  });

  it('is nothing to roll back to, which says what is', async () => {
    const { status, body } = await ask(`${shop}/commands`, { body: { verb: 'rollback', version: '1' } });
    expect(status).toBe(409);
    expect(body.detail).toContain(`POST ${releases}/shop-1/again`);
    // What nobody has heard of is for the controller to say.
    expect((await ask(`${shop}/commands`, { body: { verb: 'rollback', version: '0' } })).status).toBe(202);
  });

  it('is released again as it was asked for, by name of who asks, and once under one key', async () => {
    const send = () => ask(`${releases}/shop-1/again`, { headers: { 'idempotency-key': 'back' } });
    const annotations = { seen: 'true' };
    meanwhile = () =>
      server.cluster.client.patch(applications, key, { type: 'merge', body: { metadata: { annotations } } });
    const first = await send();
    expect(meanwhile).toBe(undefined);
    expect(first).toMatchObject({ status: 202, body: { application: 'shop', version: '1', release: 'shop-1' } });
    expect(first.headers.get('location')).toBe(`${releases}/shop-1`);
    // What it held then is gone with the copy, which is said.
    expect(first.body.changedConfiguration).toEqual(['ConfigMap/settings']);
    expect((await send()).body).toEqual(first.body);
    // Killed before it could be answered.
    await server.database.query('UPDATE asked_requests SET answer = NULL');
    expect(await send()).toMatchObject({ status: 202, body: first.body });
    await server.cluster.advance(60_000);
    const { spec, status } = await server.cluster.application();
    expect(status?.serving?.version).toBe('1');
    const { template, healthCheck } = specOf('1');
    expect(spec).toMatchObject({ replicas: 2, history, template, healthCheck });
    const { body } = await server.call('GET', `${releases}/shop-1`);
    expect(body).toMatchObject({ phase: 'Succeeded', requestedBy: 'admin (as claimed)' });
    expect(body.deletedAt).toBeUndefined();
  });

  it('is not released again where the cluster has it, where there is none, and by nobody who may not', async () => {
    expect((await ask(`${releases}/shop-1/again`)).body.detail).toContain('roll back to it');
    expect((await ask(`${releases}/shop-9/again`)).status).toBe(404);
    const token = await server.tokenFor({ role: 'view', namespaces: ['*'] });
    expect((await ask(`${releases}/shop-2/again`, { token })).status).toBe(403);
  });

  it('is released again once by two who ask at once under one key, and both are told the same', async () => {
    const before = (await server.cluster.application()).metadata.generation ?? 0;
    const send = () => server.call('POST', `${releases}/shop-2/again`, { headers: { 'idempotency-key': 'both' } });
    const [one, other] = await server.during(Promise.all([send(), send()]));
    expect(one).toMatchObject({ status: 202, body: { version: '2', release: 'shop-2' } });
    expect([other.status, other.body]).toEqual([202, one.body]);
    expect(one.body.changedConfiguration).toEqual(['ConfigMap/settings']);
    expect((await server.cluster.application()).metadata.generation).toBe(before + 1);
    await server.cluster.advance(60_000);
    expect((await server.cluster.application()).status?.serving?.version).toBe('2');
    // What was answered is answered again, whatever has become of it since.
    expect((await send()).body).toEqual(one.body);
    expect((await ask(`${releases}/shop-2/again`)).status).toBe(409);
  });

  it('is not released again where its template is that of a Deployment, and says where it is to be put', async () => {
    while ((await server.call('GET', `${releases}/shop-4`)).body.deletedAt === undefined)
      await server.cluster.advance(10_000);
    const workloadRef = { kind: 'Deployment', name: 'shop' };
    const body = { spec: { template: null, workloadRef } };
    await server.cluster.client.patch(applications, key, { type: 'merge', body });
    const { status, body: answer } = await ask(`${releases}/shop-4/again`);
    expect(status).toBe(409);
    expect(answer.detail).toContain(`put spec.template of GET ${releases}/shop-4 there`);
  });
});

describe('a version of a count that the cluster has forgotten', () => {
  let counted: TestServer;

  const give = (colour: string) =>
    counted.cluster.client.patch(
      configMaps,
      settings,
      {
        type: 'apply',
        body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: settings, data: { colour } },
        force: true,
      },
      { fieldManager: 'test' },
    );

  beforeEach(async () => {
    counted = await startTestServer();
  });
  afterEach(() => counted.stop());

  /** Of versions 1 and 2, which are the same, and 3, the first is forgotten. */
  async function forgetFirst(health = '1'): Promise<void> {
    const { cluster } = counted;
    const versions = [
      { template: '1', health: '1', colour: 'blue' },
      { template: '1', health, colour: 'red' },
      { template: '2', health: '2', colour: 'red' },
    ];
    for (const version of versions) {
      await give(version.colour);
      const { template } = specOf(version.template);
      const kept = { ...history, limit: 5 };
      await cluster.deploy({ ...specOf(version.health), template, version: '#', history: kept });
      await cluster.advance(60_000);
    }
    await cluster.client.delete(releaseType, { namespace: 'default', name: 'shop-1' });
    await cluster.advance(10_000);
    expect((await counted.call('GET', `${releases}/shop-1`)).body.deletedAt).toBeDefined();
  }

  const sendBack = () =>
    counted.during(counted.call('POST', `${releases}/shop-1/again`, { headers: { 'idempotency-key': 'back' } }));
  const forgetAnswer = () => counted.database.query('UPDATE asked_requests SET answer = NULL');

  it('is not one that was there before, for who was killed before the Release was made', async () => {
    await forgetFirst();
    // Until there is what its pods need, the controller begins nothing.
    await counted.cluster.client.delete(configMaps, settings);
    await counted.cluster.advance(1_000);
    const first = await sendBack();
    expect(first).toMatchObject({ status: 202, body: { application: 'shop' } });
    expect(first.body).not.toHaveProperty('release');
    await forgetAnswer();
    expect(await sendBack()).toMatchObject({ status: 202, body: first.body });
    await give('green');
    await counted.cluster.advance(60_000);
    await forgetAnswer();
    expect(await sendBack()).toMatchObject({ status: 202, body: { release: 'shop-4' } });
  });

  it.each([
    { name: 'with other configuration', health: '1' },
    { name: 'with another health check too', health: '3' },
  ])('is found again by who was killed, beside one of the same template $name', async ({ health }) => {
    await forgetFirst(health);
    await give('green');
    const first = await sendBack();
    expect(first).toMatchObject({ status: 202, body: { release: 'shop-4' } });
    expect((await counted.call('GET', `${releases}/shop-2`)).body.deletedAt).toBeUndefined();
    await forgetAnswer();
    expect((await sendBack()).body).toEqual(first.body);
  });
});
