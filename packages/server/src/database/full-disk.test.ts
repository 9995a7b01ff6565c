/** A disk that takes nothing any more, as SQLite meets it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { shopSpec, startTestServer, type TestServer } from '../../testing/test-server.ts';

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
  await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
  await server.cluster.advance(60_000);
});
afterEach(() => server.stop());

const release = (version: string) => `/api/v1/namespaces/default/releases/shop-${version}`;
const limitPages = (pages: number) => server.database.query(`PRAGMA max_page_count = ${pages}`);
const makeToken = () =>
  server.call('POST', '/api/v1/tokens', {
    body: { name: 'robot', grants: [{ role: 'view', namespaces: Array.from({ length: 100 }, (_, n) => `team-${n}`) }] },
  });

it('is named to who wants to change something, holds nobody up who reads, and history has everything afterwards', async () => {
  const [{ page_count: pages } = {}] = await server.database.query('PRAGMA page_count');
  await limitPages(Number(pages));
  // Until what is left of the last pages is used up.
  let refused = await makeToken();
  while (refused.status === 201) refused = await makeToken();
  expect(refused).toMatchObject({ status: 503, body: { detail: expect.stringContaining('full') } });
  expect(refused.headers.get('retry-after')).not.toBeNull();
  const made = (await server.call('GET', '/api/v1/tokens')).body.items;
  expect(await server.call('GET', release('1'))).toMatchObject({ status: 200, body: { phase: 'Succeeded' } });

  await server.cluster.deploy({ ...shopSpec('web:2'), version: '2' });
  await server.cluster.advance(60_000);
  expect((await server.cluster.application()).status?.serving?.version).toBe('2');

  await limitPages(100_000);
  await server.cluster.advance(120_000);
  expect((await server.call('GET', '/api/v1/tokens')).body.items).toHaveLength(made.length);
  const { body } = await server.call('GET', `${release('2')}/log`);
  expect(body.items.at(-1).text).toContain('Succeeded');
  expect(body.items.map(({ number }: { number: number }) => number)).toEqual(
    body.items.map((_: unknown, index: number) => index + 1),
  );
  expect((await makeToken()).status).toBe(201);
});
