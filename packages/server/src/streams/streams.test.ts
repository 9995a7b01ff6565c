import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listAudit } from '../audit/audit.ts';
import { maximumStreams } from './reader-counts.ts';
import { shopSpec, startTestServer, type TestServer } from '../../testing/test-server.ts';

const logOf = (name: string, after = 0) => `/api/v1/namespaces/default/releases/${name}/log/stream?after=${after}`;

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.stop());

/** Ten seconds in which real connections get their turns, so that pings are answered in virtual time too. */
async function liveOn(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) {
    await server.cluster.advance(5_000);
    await server.call('GET', '/healthz');
  }
}

describe('the log of a release as a stream', () => {
  it('begins with what there is, goes on, and ends with the outcome', async () => {
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(2_000);
    const stream = server.listen(logOf('shop-1'));
    await stream.until(({ type }) => type === 'lines');
    await liveOn();
    expect(await stream.ended).toBe(1_000);
    const lines = stream.frames.filter(({ type }) => type === 'lines').flatMap(({ items }) => items);
    expect(lines.map(({ number }) => number)).toEqual(lines.map((_, index) => index + 1));
    expect(lines.at(-1).text).toContain('Succeeded');
    expect(stream.frames.at(-1)).toMatchObject({ type: 'end', phase: 'Succeeded', lines: lines.length });
  });

  it('goes on from any line, after the release has ended too', async () => {
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(5_000);
    const stream = server.listen(logOf('shop-1', 3));
    expect(await stream.ended).toBe(1_000);
    expect(stream.frames[0].items[0].number).toBe(4);
    const beyond = server.listen(logOf('shop-1', 99_999));
    expect(await beyond.ended).toBe(1_000);
    expect(beyond.frames).toEqual([stream.frames.at(-1)]);
  });

  it('is refused to who may not see it, and where there is no release', async () => {
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(5_000);
    const foreign = await server.tokenFor({ role: 'admin', namespaces: ['bank'] });
    expect(await server.listen(logOf('shop-1'), { token: '' }).ended).toBe(401);
    expect(await server.listen(logOf('shop-1'), { token: foreign }).ended).toBe(403);
    expect(await server.listen(logOf('shop-9')).ended).toBe(404);
  });

  it('is not opened by a cookie from a foreign page', async () => {
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(5_000);
    const login = await server.call('POST', '/api/v1/session', { token: '', body: { token: server.token } });
    const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const open = (origin: string) => server.listen(logOf('shop-1'), { token: '', headers: { cookie, origin } }).ended;
    expect(await open('https://evil.example.com')).toBe(403);
    expect(await open(server.server.url)).toBe(1_000);
  });
});

describe('a stream', () => {
  const path = '/api/v1/applications/stream';
  const isWhole = ({ last }: { readonly last?: boolean }) => last === true;

  it('ends soon after the token or the login that opened it, and no other one', async () => {
    const { body } = await server.call('POST', '/api/v1/tokens', {
      body: { name: 'reader', grants: [{ role: 'view', namespaces: ['*'] }] },
    });
    const login = await server.call('POST', '/api/v1/session', { token: '', body: { token: server.token } });
    const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const headers = { cookie, origin: server.server.url };
    const revoked = server.listen(path, { token: body.token });
    const left = server.listen(path, { token: '', headers });
    const other = server.listen(path);
    await Promise.all([revoked, left, other].map((stream) => stream.until(isWhole)));
    await server.call('DELETE', `/api/v1/tokens/${body.record.id}`);
    const proven = { ...headers, 'x-slipway-csrf': String(login.body.csrf) };
    expect((await server.call('DELETE', '/api/v1/session', { token: '', headers: proven })).status).toBe(204);
    await liveOn();
    await liveOn();
    expect(await Promise.all([revoked.ended, left.ended])).toEqual([1_008, 1_008]);
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    const told = other.until(({ changed }) => changed?.length > 0);
    await server.cluster.advance(1_000);
    await told;
    other.close();
  });

  it('is one of so many that a reader may have', async () => {
    const token = await server.tokenFor({ role: 'view', namespaces: ['*'] });
    const streams = Array.from({ length: maximumStreams }, () => server.listen(path, { token }));
    await Promise.all(streams.map((stream) => stream.until(isWhole)));
    expect(await server.listen(path, { token }).ended).toBe(1_013);
    const other = server.listen(path);
    await other.until(isWhole);
    for (const stream of [...streams, other]) stream.close();
    await Promise.all(streams.map(({ ended }) => ended));
    const again = server.listen(path, { token });
    await again.until(isWhole);
    again.close();
  });

  it('is told that the server ends', async () => {
    const stream = server.listen(path);
    await stream.until(isWhole);
    server.end();
    expect(await stream.ended).toBe(1_001);
  });
});

describe('a server that ends', () => {
  it('answers and notes what it has begun', async () => {
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(60_000);
    const spec = { ...shopSpec('web:1'), version: '1', paused: true };
    const asked = server.call('PUT', '/api/v1/namespaces/default/applications/shop', { body: { spec } });
    const isWritten = async () => (await server.cluster.application()).spec.paused === true;
    while (!(await isWritten())) await new Promise(setImmediate);
    server.end();
    await server.cluster.advance(4_000);
    expect((await asked).status).toBe(202);
    await server.server.done;
    expect(await listAudit(server.database, { limit: 1 })).toMatchObject([{ outcome: '202', subject: 'shop' }]);
  });
});

describe('all applications as a stream', () => {
  const path = '/api/v1/applications/stream';

  it('tells how all are, and how each one is that changes', async () => {
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(5_000);
    const stream = server.listen(path);
    await stream.until(({ type, last }) => type === 'snapshot' && last);
    await server.cluster.deploy({ ...shopSpec('web:2'), version: '2' });
    expect(stream.frames[0]).toMatchObject({ first: true, items: [{ name: 'shop' }] });
    const begins = stream.until(({ changed }) =>
      changed?.some((item: { readonly candidate?: { readonly version: string } }) => item.candidate?.version === '2'),
    );
    await server.cluster.advance(1_000);
    await begins;
    stream.close();
  });

  it('goes on where a reader was, and tells everything where that is not known', async () => {
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(5_000);
    const first = server.listen(path);
    await first.until(({ last }) => last === true);
    const { after } = first.frames.at(-1);
    first.close();
    const second = server.listen(`${path}?after=${after}`);
    await server.cluster.deploy({ ...shopSpec('web:2'), version: '2' });
    await server.cluster.advance(1_000);
    await second.until(({ type }) => type === 'changes');
    expect(second.frames.every(({ type }) => type === 'changes')).toBe(true);
    second.close();
    const third = server.listen(`${path}?after=elsewhere.7`);
    await third.until(({ type }) => type === 'snapshot');
    third.close();
  });

  it('says every 20 seconds that nothing has changed, also to who may not see what does', async () => {
    const foreign = await server.tokenFor({ role: 'admin', namespaces: ['bank'] });
    const stream = server.listen(path, { token: foreign });
    await stream.until(({ last }) => last === true);
    const { after } = stream.frames.at(-1);
    const signs = () => stream.frames.slice(1);
    await server.cluster.advance(20_000);
    await stream.until(({ type }) => type === 'changes');
    expect(signs()).toEqual([{ type: 'changes', changed: [], removed: [], after }]);
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await liveOn();
    await liveOn();
    await stream.until((frame) => frame === signs()[1]);
    expect(signs()).toEqual([signs()[0], { type: 'changes', changed: [], removed: [], after: expect.any(String) }]);
    expect(signs()[1].after).not.toBe(after);
    stream.close();
  });

  it('shows nobody what he may not see', async () => {
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(5_000);
    const foreign = await server.tokenFor({ role: 'admin', namespaces: ['bank'] });
    const stream = server.listen(path, { token: foreign });
    await stream.until(({ last }) => last === true);
    expect(stream.frames[0].items).toEqual([]);
    stream.close();
  });
});
