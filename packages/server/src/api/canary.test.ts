/** Releases as a pipeline sees them that speaks to nobody but the server. */
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
  const approve = (token: string, hook = 'sign-off') =>
    server.call('POST', `${path}/approvals`, { token, body: { hook, reason: 'it is Tuesday' } });
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
  const { status, headers } = await approve(leader);
  expect([status, headers.get('location')]).toEqual([202, path]);
  await live();
  expect(await phaseOf()).toBe('Succeeded');
});
