/** Releases as a pipeline sees them that speaks to nobody but the server. */
import { releaseApprovals } from '@slipway/delivery/api/release-approval';
import { resourceQuotas } from '@slipway/kube/resources';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';

const namespace = '/api/v1/namespaces/default';
const shop = `${namespace}/applications/shop`;

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  server.cluster.metrics.set('/errors', '{"rate":0.01}');
  await ask('1');
});
afterAll(() => server.stop());

const specOf = (version: string) => ({
  version,
  replicas: 2,
  template: { spec: { containers: [{ name: 'web', image: `web:${version}`, ports: [{ containerPort: 8080 }] }] } },
  service: { ports: [{ port: 80, targetPort: 8080 }] },
  route: { hosts: ['shop.localhost'] },
  checks: [
    {
      name: 'errors',
      provider: { web: { url: 'http://metrics.test/errors', jsonPath: '$.rate' } },
      successWhen: 'value < 0.05',
      interval: '10s',
      count: 3,
    },
  ],
  strategy: {
    type: 'canary',
    canary: { steps: [{ setWeight: 50 }, { check: 'errors' }, { pause: {} }, { setWeight: 80 }, { pause: {} }] },
  },
  guardSeconds: 0,
  drainSeconds: 0,
});

const hooks = { beforePromotion: [{ name: 'sign-off', approval: {} }] };
const look = { beforePromotion: [{ name: 'second-look', approval: {} }] };

/** Time for whatever can happen without anybody's word. */
async function live(): Promise<void> {
  await server.cluster.advance(60_000);
}

async function ask(version: string, milliseconds = 60_000): Promise<void> {
  const body = version === '1' ? { name: 'shop', spec: specOf(version) } : { spec: specOf(version) };
  const [method, path] = version === '1' ? ['POST', `${namespace}/applications`] : ['PUT', shop];
  const { status, headers } = await server.during(server.call(method, path, { body }));
  expect(status).toBe(202);
  expect((await server.call('GET', headers.get('location') ?? '')).status).toBe(200);
  await server.cluster.advance(milliseconds);
}

async function command(verb: string, more: object = {}): Promise<void> {
  const { status, headers } = await server.call('POST', `${shop}/commands`, { body: { verb, ...more } });
  expect(status).toBe(202);
  await live();
  const { body } = await server.call('GET', headers.get('location') ?? '');
  expect(body).toMatchObject({ outcome: 'accepted' });
}

const release = async (version: string, part = '') =>
  (await server.call('GET', `${namespace}/releases/shop-${version}${part}`)).body;
const split = async () => (await server.call('GET', shop)).body.split;

it('goes on by its steps and by commands, and has its steps, gates and measurements on record', async () => {
  await ask('2');
  expect(await release('2')).toMatchObject({ phase: 'Paused', status: { step: '3 of 5: pause' } });
  expect(await split()).toEqual({ 1: 50, 2: 50 });
  const { items } = await release('2', '/measurements');
  const measured = { check: 'errors', step: '2 of 5: check errors', attempt: 1, value: '0.01', outcome: 'passed' };
  expect(items).toMatchObject([1, 2, 3].map((number) => ({ ...measured, number })));

  await command('resume');
  expect(await release('2')).toMatchObject({ phase: 'Paused', status: { step: '5 of 5: pause' } });
  expect(await split()).toEqual({ 1: 20, 2: 80 });
  await command('promote');
  const { phase, spec, status } = await release('2');
  expect(phase).toBe('Succeeded');
  expect(spec.strategy.canary.steps).toEqual(specOf('2').strategy.canary.steps);
  expect(status.gates).toContainEqual(expect.objectContaining({ name: 'health', outcome: 'passed' }));
  expect(await split()).toEqual({ 2: 100 });
  const given = (await release('2', '/commands')).items;
  expect(given.map(({ verb }: { verb: string }) => verb)).toEqual(['resume', 'promote']);
  const exported = String((await server.call('GET', '/api/v1/export')).body).split('\n');
  expect(exported.filter((line) => line.startsWith('{"type":"measurement"'))).toHaveLength(3);
});

it('stands still, goes back and is rolled back as it is told', async () => {
  // Its check is not over yet.
  await ask('3', 5_000);
  await command('pause');
  expect(await release('3')).toMatchObject({ phase: 'Paused', status: { step: '2 of 5: check errors' } });
  await command('resume');
  expect(await release('3')).toMatchObject({ phase: 'Paused', status: { step: '3 of 5: pause' } });
  await command('abort', { reason: 'not today' });
  expect(await release('3')).toMatchObject({ phase: 'RolledBack' });
  expect(await split()).toEqual({ 2: 100 });
  await command('rollback', { version: '1' });
  expect((await server.call('GET', shop)).body).toMatchObject({ serving: { version: '1' }, split: { 1: 100 } });
});

it('waits for who may approve it, and goes on with his word', async () => {
  const spec = { ...specOf('1'), strategy: { type: 'rolling' }, checks: [], hooks };
  await server.during(server.call('POST', `${namespace}/applications`, { body: { name: 'bank', spec } }));
  await live();
  const path = `${namespace}/releases/bank-1`;
  const phaseOf = async () => (await server.call('GET', path)).body.phase;
  expect(await phaseOf()).toBe('Progressing');
  const approve = (token: string, hook = 'sign-off', key?: string) => {
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    return server.call('POST', `${path}/approvals`, { token, headers, body: { hook, reason: 'it is Tuesday' } });
  };
  const [operator, leader] = await Promise.all([
    server.tokenFor({ role: 'operate', namespaces: ['default'] }),
    server.tokenFor({ role: 'approve', namespaces: ['default'] }),
  ]);
  expect((await approve(operator)).status).toBe(403);
  expect(await approve(leader, 'sign-of')).toMatchObject({
    status: 422,
    body: { detail: 'release bank-1 has no approval sign-of: it needs sign-off' },
  });
  await live();
  expect(await phaseOf()).toBe('Progressing');
  const given = await approve(leader, 'sign-off', 'signed');
  expect([given.status, given.headers.get('location')]).toEqual([202, path]);
  await live();
  expect(await phaseOf()).toBe('Succeeded');

  expect(await approve(leader, 'sign-off', 'signed'), 'sent again').toMatchObject({ status: 202, body: given.body });
  for (const key of [undefined, 'once-more'])
    expect(await approve(leader, 'sign-off', key), 'given once more').toMatchObject({
      status: 409,
      body: {
        detail: 'release bank-1 waits for no approval named sign-off, but for none at all. Nothing was approved.',
      },
    });
  expect((await approve(leader, 'sign-off', 'once-more')).status, 'refused, and no more than that').toBe(409);
  expect((await approve(leader, 'sign-of', 'signed')).status).toBe(422);
  const { items } = await server.cluster.client.list(releaseApprovals, { namespace: 'default' });
  expect(items, 'none is left for nobody').toEqual([]);
});

it('takes an approval that is sent again for none of the next attempt', async () => {
  const beforeRelease = [{ name: 'sign-off', approval: {}, everyAttempt: true }];
  const spec = { ...specOf('1'), strategy: { type: 'rolling' }, checks: [], hooks: { beforeRelease, ...look } };
  await server.during(server.call('POST', `${namespace}/applications`, { body: { name: 'mill', spec } }));
  await live();
  const token = await server.tokenFor({ role: 'approve', namespaces: ['default'] });
  const approve = async (key: string) => {
    const given = { token, headers: { 'idempotency-key': key }, body: { hook: 'sign-off' } };
    return (await server.call('POST', `${namespace}/releases/mill-1/approvals`, given)).status;
  };
  const waitsFor = async () => (await server.call('GET', `${namespace}/releases/mill-1`)).body.status.waitingFor;
  expect(await approve('first')).toBe(202);
  await live();
  expect(await waitsFor()).toContain('second-look');
  expect(await approve('first'), 'sent again').toBe(202);
  for (const verb of ['abort', 'retry']) {
    await server.call('POST', `${namespace}/applications/mill/commands`, { body: { verb } });
    await live();
  }
  expect(await waitsFor()).toContain('sign-off');
  expect(await approve('first'), 'sent again, much later').toBe(422);
  await live();
  expect(await waitsFor()).toContain('sign-off');
  expect(await approve('second')).toBe(202);
  await live();
  expect(await waitsFor()).toContain('second-look');
});

it('says of an approval that could not be given that it was not, also when it is sent again later', async () => {
  const spec = { ...specOf('1'), strategy: { type: 'rolling' }, checks: [], hooks };
  await server.during(server.call('POST', `${namespace}/applications`, { body: { name: 'lock', spec } }));
  await live();
  const token = await server.tokenFor({ role: 'approve', namespaces: ['default'] });
  const approve = async () => {
    const given = { token, headers: { 'idempotency-key': 'lost' }, body: { hook: 'sign-off' } };
    return (await server.call('POST', `${namespace}/releases/lock-1/approvals`, given)).status;
  };
  const quota = { namespace: 'default', name: 'none' };
  const hard = { 'count/releaseapprovals.slipway.dev': '0' };
  await server.cluster.client.create(resourceQuotas, { metadata: quota, spec: { hard } });
  await live();
  expect(await approve()).toBe(502);
  await server.cluster.client.delete(resourceQuotas, quota);
  await server.call('POST', `${namespace}/applications/lock/commands`, { body: { verb: 'abort' } });
  await live();
  expect(await approve()).toBe(409);
});
