/** Readers that stop to read, by real connections: what is between is bounded, they are told why they go, and miss nothing. */
import { pods } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeLogs, type FakeLogs } from '../../testing/fake-logs.ts';
import { shopSpec, startTestServer, type TestServer, type TestStream } from '../../testing/test-server.ts';

/** Less than the kernel would keep for a reader that does not read. */
const lines = 2_000;
const text = 'x'.repeat(1_000);
/** What a server sends, and has ready, for a reader that does not read: three frames of 256 KiB. */
const heldLines = 800;

let logs: FakeLogs;
let server: TestServer;
let readFromDatabase: number;

beforeEach(async () => {
  logs = createFakeLogs();
  readFromDatabase = 0;
  server = await startTestServer({
    through: (client) => logs.answering(client),
    on: (database) => ({
      dialect: database.dialect,
      transaction: (work) => database.transaction(work),
      listen: (listener) => database.listen(listener),
      close: () => database.close(),
      query: async (statement, values) => {
        const rows = await database.query(statement, values);
        if (statement.includes('FROM release_log')) readFromDatabase += rows.length;
        return rows;
      },
    }),
  });
  await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
  await server.cluster.advance(20_000);
});
afterEach(() => server.stop());

const connected = () => server.server.app.websocketServer.clients;

/** Until the server has said that it lets the reader go, which has not read it yet. */
async function untilLetGo(): Promise<void> {
  const isOpen = () => [...connected()].some(({ readyState }) => readyState === 1);
  while (connected().size === 0) await server.call('GET', '/healthz');
  while (isOpen()) {
    await server.cluster.advance(5_000);
    await server.call('GET', '/healthz');
  }
}

/** How it ended: while it is read, time goes on. */
const untilEnded = ({ ended }: TestStream): Promise<number> => server.during(ended);

function itemsOf({ frames }: TestStream): ReadonlyArray<Readonly<Record<string, unknown>>> {
  return frames.filter(({ type }) => type === 'lines').flatMap(({ items }) => items);
}

describe('a reader of the log of a release that stops to read', () => {
  const path = (after: number) => `/api/v1/namespaces/default/releases/shop-1/log/stream?after=${after}`;

  it('is told why it goes, minutes after that too, and goes on without a line missing or repeated', async () => {
    const [row] = await server.database.query('SELECT uid, log_length FROM releases');
    const [uid = '', first] = [row?.['uid'], Number(row?.['log_length'])];
    await server.database.query(
      `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${lines})
       INSERT INTO release_log (release_uid, number, at, kind, text)
       SELECT $1, n + ${first}, '2026-01-01T00:00:00Z', 'waiting', $2 FROM numbers`,
      [uid, text],
    );
    const stream = server.listen(path(0), { paused: true });
    await untilLetGo();
    const read = readFromDatabase;
    await server.cluster.advance(240_000);
    stream.resume();
    expect(await stream.ended).toBe(1_013);
    const numbers = itemsOf(stream).map(({ number }) => Number(number));
    expect(stream.reason).toMatch(new RegExp(`^nothing was read for 30 s: go on with after=${numbers.length}$`));
    expect(numbers.length).toBeLessThan(lines);
    expect(read).toBeLessThan(heldLines);
    const rest = server.listen(path(numbers.length));
    expect(await untilEnded(rest)).toBe(1_000);
    const all = [...numbers, ...itemsOf(rest).map(({ number }) => Number(number))];
    expect(all).toEqual(Array.from({ length: first + lines }, (_, index) => index + 1));
  });

  it('is gone within bounded time where it never reads again', async () => {
    server.listen(path(0), { paused: true });
    // The release has ended, and the reader would be told so.
    while (connected().size === 0) await server.call('GET', '/healthz');
    while (connected().size > 0) {
      await server.cluster.advance(5_000);
      await server.call('GET', '/healthz');
    }
  });
});

describe('a reader of what pods write that stops to read', () => {
  it('is told why it goes, and goes on without a line missing or repeated', async () => {
    const { client } = server.cluster;
    const [pod] = (await client.list(pods, { namespace: 'default' })).items;
    const name = pod?.metadata.name ?? '';
    const web = { name: 'web', image: 'i', imageID: 'i', ready: true, restartCount: 0, state: { running: {} } };
    const patch = { type: 'merge', body: { status: { containerStatuses: [web] } } } as const;
    await client.patch(pods, { namespace: 'default', name }, patch, { subresource: 'status' });
    const start = Date.parse('2026-01-01T00:00:00Z');
    // Ten of each moment: a position is more than a time.
    for (let number = 0; number < lines; number += 1)
      logs.write(name, new Date(start + Math.floor(number / 10)).toISOString(), `${number} ${text}`);
    const path = '/api/v1/namespaces/default/applications/shop/logs/stream?follow=false';
    const stream = server.listen(path, { paused: true });
    await untilLetGo();
    const { read } = logs;
    stream.resume();
    expect(await stream.ended).toBe(1_013);
    const received = itemsOf(stream);
    expect(stream.reason).toMatch(/^nothing was read for 30 s: go on with the position of the last frame$/);
    expect(received.length).toBeLessThan(lines);
    expect(read).toBeLessThan(heldLines);
    const { after } = stream.frames.at(-1);
    const rest = server.listen(`${path}&after=${after}`);
    expect(await untilEnded(rest)).toBe(1_000);
    const all = [...received, ...itemsOf(rest)].map(({ text }) => Number(String(text).split(' ')[0]));
    expect(all).toEqual(Array.from({ length: lines }, (_, index) => index));
  });
});

describe('a reader of all applications that stops to read', () => {
  it('is told why it goes, and goes on with what has changed since', async () => {
    const path = '/api/v1/applications/stream';
    const stream = server.listen(path);
    await stream.until(({ last }) => last === true);
    stream.pause();
    await server.cluster.deploy({ ...shopSpec('web:2'), version: '2' });
    await untilLetGo();
    await server.cluster.deploy({ ...shopSpec('web:3'), version: '3' });
    stream.resume();
    expect(await stream.ended).toBe(1_013);
    const { after } = stream.frames.at(-1);
    expect(stream.reason).toBe(`nothing was read for 30 s: go on with after=${after}`);
    const rest = server.listen(`${path}?after=${after}`);
    await rest.until(({ type, changed }) => type === 'changes' && changed.at(-1)?.asked === '3');
    expect(rest.frames.every(({ type }) => type === 'changes')).toBe(true);
    rest.close();
  });
});
