import { afterEach, beforeEach, expect, it } from 'vitest';
import { shopSpec, startTestServer, type TestServer } from '../../testing/test-server.ts';

const release = '/api/v1/namespaces/default/releases/shop-1';

let server: TestServer;
/** Nothing is written down before it resolves. */
let writing: PromiseWithResolvers<void>;

beforeEach(async () => {
  let isHeld = false;
  writing = Promise.withResolvers<void>();
  server = await startTestServer({
    on: (database) => ({
      dialect: database.dialect,
      query: (...given) => database.query(...given),
      transaction: async (work) => {
        if (isHeld) await writing.promise;
        return database.transaction(work);
      },
      listen: (listener) => database.listen(listener),
      close: () => database.close(),
    }),
  });
  await server.cluster.advance(5_000);
  isHeld = true;
  await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
  await server.cluster.advance(1_000);
});
afterEach(async () => {
  writing.resolve();
  await server.stop();
});

it('shows a release before it is written down', async () => {
  const { status, body } = await server.call('GET', release);
  expect(status).toBe(200);
  expect(body).toMatchObject({ name: 'shop-1', application: 'shop', version: '1', logLength: 0 });
  for (const part of ['commands', 'measurements', 'health', 'log'])
    expect(await server.call('GET', `${release}/${part}`)).toMatchObject({ status: 200 });
  const difference = '/api/v1/namespaces/default/applications/shop/difference?from=1&to=1';
  expect(await server.call('GET', difference)).toMatchObject({ status: 200, body: { to: 'shop-1', changes: [] } });
  expect((await server.call('GET', `${release}0`)).status).toBe(404);
});

it('streams the log of a release that is not written down from its first line on', async () => {
  const stream = server.listen(`${release}/log/stream`);
  await server.call('GET', '/healthz');
  expect(stream.frames).toEqual([]);
  writing.resolve();
  const told = stream.until(({ type }) => type === 'lines');
  await server.cluster.advance(1_000);
  await told;
  expect(stream.frames[0].items[0].number).toBe(1);
  stream.close();
});
