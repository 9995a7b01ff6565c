/** Every request that makes something, sent again under its Idempotency-Key. */
import { applications } from '@slipway/delivery/api/application';
import type { FastifyReply } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomText, shopSpec, startTestServer, type Answer, type TestServer } from '../../testing/test-server.ts';
import { Problem } from '../http/problem.ts';
import { answerOnceByMark, sealerUnder } from './answer-once.ts';

interface Creation {
  readonly name: string;
  readonly path: string;
  readonly body?: object;
  readonly other?: object;
  /** Where what was made is listed. */
  readonly list: string;
}

/** What was made, and what was sent of it. */
interface Kept {
  readonly webhook?: Readonly<Record<string, unknown>>;
  readonly [part: string]: unknown;
}

const grants = [{ role: 'view', namespaces: ['*'] }];
const target = { images: [{ repository: 'ghcr.io/acme/shop', policy: { semver: '*' }, namespaces: ['default'] }] };
const webhook = (name: string) => ({ name, sender: 'github', target });
const channel = (name: string) => ({ name, type: 'slack', secretUrl: `https://hooks.slack.com/services/${name}` });
const application = (name: string) => ({ name, spec: { ...shopSpec('web:1'), version: '1' } });

const creations: readonly Creation[] = [
  {
    name: 'a token',
    path: '/api/v1/tokens',
    body: { name: 'robot', grants },
    other: { name: 'other', grants },
    list: '/api/v1/tokens',
  },
  {
    name: 'a webhook',
    path: '/api/v1/webhooks',
    body: webhook('push'),
    other: webhook('other'),
    list: '/api/v1/webhooks',
  },
  {
    name: 'a channel',
    path: '/api/v1/notifications/channels',
    body: channel('chat'),
    other: channel('other'),
    list: '/api/v1/notifications/channels',
  },
  {
    name: 'an application',
    path: '/api/v1/namespaces/default/applications',
    body: application('store'),
    other: application('other'),
    list: '/api/v1/applications',
  },
];

/** Of as much of a reply as is asked of it. */
function replyInto(sent: unknown[]): FastifyReply {
  const reply: object = {
    code: () => reply,
    header: () => reply,
    type: () => reply,
    send: async (text: unknown) => void sent.push(text),
    serializeInput: (body: unknown) => JSON.stringify(body),
  };
  return reply as FastifyReply;
}

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.stop());

/** An answer that waits for the controller needs time to go on. */
async function send(path: string, body: object | undefined, more: { key?: string; token?: string } = {}) {
  const { key = 'key-1', token = server.token } = more;
  const headers = { 'idempotency-key': key };
  return await server.during(server.call('POST', path, { token, headers, ...(body === undefined ? {} : { body }) }));
}

async function count({ list }: Creation): Promise<number> {
  await server.cluster.advance(1_000);
  return (await server.call('GET', list)).body.items.length as number;
}

const essence = ({ status, body, headers }: Answer) => ({ status, body, location: headers.get('location') });

describe.each(creations)('$name that is asked for under a key', (creation) => {
  const { path, body, other } = creation;

  it('is made once, and answered as it was', async () => {
    const before = await count(creation);
    const first = await send(path, body);
    expect(first.status).toBeLessThan(300);
    expect(essence(await send(path, body))).toEqual(essence(first));
    expect(await count(creation)).toBe(before + 1);
  });

  it('is refused under the key of another one', async () => {
    await send(path, body);
    const before = await count(creation);
    expect(await send(path, other)).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'headers/idempotency-key' }] },
    });
    expect(await count(creation)).toBe(before);
  });

  it('is made where the key was that of something refused, or of somebody else', async () => {
    expect((await send(path, { ...body, name: '' })).status).toBe(400);
    const token = await server.tokenFor({ role: 'admin', namespaces: ['*'] });
    expect((await send(path, other, { token })).status).toBeLessThan(300);
    expect((await send(path, body)).status).toBeLessThan(300);
  });
});

describe('many at once under one key', () => {
  it.each(creations.slice(0, 3))('make $name once', async (creation) => {
    const before = await count(creation);
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(creation.path, creation.body)));
    expect(new Set(answers.map((answer) => JSON.stringify(essence(answer)))).size).toBe(1);
    expect(await count(creation)).toBe(before + 1);
  });
});

describe('an application that is asked for under a key', () => {
  const path = '/api/v1/namespaces/default/applications';

  it('is found again by who was killed before it could be answered', async () => {
    const first = await send(path, application('store'));
    await server.database.query('UPDATE asked_requests SET answer = NULL');
    expect(await send(path, application('store'))).toMatchObject({ status: 202, body: first.body });
    expect((await send(path, application('store'), { key: 'key-2' })).status).toBe(409);
  });

  it('is another one where something else is asked when the key is forgotten', async () => {
    const first = await send(path, application('store'));
    await server.database.query('DELETE FROM asked_requests');
    const other = { name: 'store', spec: { ...shopSpec('web:2'), version: '2' } };
    expect((await send(path, other)).status).toBe(409);
    expect(await send(path, application('store'))).toMatchObject({ status: 202, body: first.body });
  });

  it('leaves what is noted to who noted it, where a second one is refused', async () => {
    await send(path, application('store'));
    await server.database.query('UPDATE asked_requests SET answer = NULL');
    const annotations = { 'slipway.dev/created-under': null };
    const key = { namespace: 'default', name: 'store' };
    await server.cluster.client.patch(applications, key, { type: 'merge', body: { metadata: { annotations } } });
    expect((await send(path, application('store'))).status).toBe(409);
    expect(await server.database.query('SELECT * FROM asked_requests')).toHaveLength(1);
    expect((await send(path, application('other'))).status).toBe(422);
    // By now whoever noted it was killed, and what is refused may be corrected.
    await server.cluster.advance(601_000);
    expect((await send(path, application('store'))).status).toBe(409);
    expect((await send(path, application('other'))).status).toBe(202);
  });

  it('stays that of who takes over what was noted and never answered, where a second one who comes then is refused', async () => {
    const { clock } = server.cluster;
    const means = { database: server.database, clock, random: randomText, sealer: server.sealer };
    const identity = { source: 'anonymous', name: 'robot', grants: [] } as const;
    const principal = { name: 'robot', identity, may: () => Promise.resolve(true) };
    const request = { method: 'POST', url: path, body: {}, principal, headers: { 'idempotency-key': 'key-1' } };
    const sent: unknown[] = [];
    const ask = async (create: () => Promise<object>) => {
      await answerOnceByMark({ request, reply: replyInto(sent) }, means, {
        create,
        answer: (body) => ({ status: 202, body }),
      });
      return sent.at(-1);
    };
    const refuse = () => Promise.reject(new Problem(409, 'refused'));
    const count = async () => (await server.database.query('SELECT * FROM asked_requests')).length;
    // Who noted it was killed.
    await expect(ask(() => Promise.reject(new Error('killed')))).rejects.toThrow('killed');
    await server.cluster.advance(601_000);
    const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<object>()];
    const first = ask(() => {
      begun.resolve();
      return end.promise;
    });
    await begun.promise;
    await expect(ask(refuse)).rejects.toThrow('refused');
    expect(await count()).toBe(1);
    end.resolve({ made: 1 });
    expect(await first).toBe('{"made":1}');
    expect(await ask(refuse)).toBe('{"made":1}');
  });

  it('is asked for again where it could not be', async () => {
    const { name, spec } = application('store');
    const wrong = { name, spec: { ...spec, replicas: -1 } };
    expect((await send(path, wrong)).status).toBe(422);
    expect((await send(path, { name, spec })).status).toBe(202);
  });
});

describe('what a server of another version has kept', () => {
  /** Changed as if it had been kept so. */
  async function keepOtherwise(change: (kept: Kept) => object): Promise<void> {
    const { database, sealer } = server;
    const own = sealerUnder('key-1', { sealer, random: randomText });
    const [row] = await database.query('SELECT name, answer FROM asked_requests');
    const [name, answer] = [String(row?.['name']), String(row?.['answer'])];
    const kept = change(JSON.parse(own.open(answer, name)) as Kept);
    await database.query('UPDATE asked_requests SET answer = $1', [own.seal(JSON.stringify(kept), name)]);
  }

  it.each(creations)('of $name is answered with, where it is what was made alone', async ({ path, body }) => {
    const first = await send(path, body);
    await keepOtherwise(({ sent: _, ...made }) => made);
    expect(essence(await send(path, body))).toEqual(essence(first));
  });

  it.each([
    { name: 'with credentials', credentials: { username: 'robot', password: 'secret' } },
    { name: 'without credentials', credentials: undefined },
  ])('of a webhook $name is answered with, where nothing says whether it has any', async ({ credentials }) => {
    const repository = 'https://git.example.com/shop.git';
    const manifests = { repository, branch: 'main', directory: 'deploy', namespaces: ['default'] };
    const asked = { ...webhook('push'), target: { manifests }, ...(credentials && { credentials }) };
    const first = await send('/api/v1/webhooks', asked);
    expect(first).toMatchObject({ status: 201, body: { webhook: { hasCredentials: credentials !== undefined } } });
    await keepOtherwise(({ webhook: { hasCredentials: _, ...before } = {}, secret }) => ({ webhook: before, secret }));
    expect(essence(await send('/api/v1/webhooks', asked))).toEqual(essence(first));
    await server.database.query('DELETE FROM asked_requests');
    const rotate = `${first.headers.get('location')}/rotate`;
    const rotated = await send(rotate, undefined);
    await keepOtherwise(({ webhook: { hasCredentials: _, ...before } = {}, sent: __, ...made }) => ({
      ...made,
      webhook: before,
    }));
    expect(essence(await send(rotate, undefined))).toEqual(essence(rotated));
  });

  it('is sent letter by letter, whatever its shape is today', async () => {
    await send('/api/v1/tokens', { name: 'robot', grants });
    const text = '{ "of": "another", "version": 7 }';
    await keepOtherwise((kept) => ({ ...kept, sent: { status: 200, location: '/elsewhere', text } }));
    const headers = {
      authorization: `Bearer ${server.token}`,
      'content-type': 'application/json',
      'idempotency-key': 'key-1',
    };
    const body = JSON.stringify({ name: 'robot', grants });
    const again = await fetch(new URL('/api/v1/tokens', server.server.url), { method: 'POST', headers, body });
    expect([again.status, again.headers.get('location'), await again.text()]).toEqual([200, '/elsewhere', text]);
  });
});

describe('what is kept of an answer', () => {
  it('opens with the key of who asked alone, and goes after a day', async () => {
    const { body } = await send('/api/v1/tokens', { name: 'robot', grants });
    const rows = await server.database.query('SELECT * FROM asked_requests');
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(body.token);
    expect(JSON.stringify(rows)).not.toContain('key-1');
    const yesterday = new Date(server.cluster.clock.now() - 86_400_001).toISOString();
    await server.database.query('UPDATE asked_requests SET at = $1', [yesterday]);
    const again = await send('/api/v1/tokens', { name: 'robot', grants });
    expect(again.body.record.id).not.toBe(body.record.id);
    expect(await server.database.query('SELECT * FROM asked_requests')).toHaveLength(1);
  });
});

describe('a token for a while that is asked for under a key', () => {
  it('is answered as it was when it is over, and refused under another key', async () => {
    const expiresAt = new Date(server.cluster.clock.now() + 30_000).toISOString();
    const body = { name: 'robot', grants, expiresAt };
    const first = await send('/api/v1/tokens', body);
    expect(first.status).toBe(201);
    await server.cluster.advance(60_000);
    expect(essence(await send('/api/v1/tokens', body))).toEqual(essence(first));
    expect((await send('/api/v1/tokens', body, { key: 'key-2' })).status).toBe(422);
  });
});

describe('another secret of a webhook, under a key', () => {
  it('is drawn once', async () => {
    const { body } = await server.call('POST', '/api/v1/webhooks', { body: webhook('push') });
    const path = `/api/v1/webhooks/${body.webhook.id}/rotate`;
    const first = await send(path, undefined);
    expect(first).toMatchObject({ status: 200, body: { secret: expect.not.stringMatching(body.secret) } });
    expect(essence(await send(path, undefined))).toEqual(essence(first));
    expect((await send(path, undefined, { key: 'key-2' })).body.secret).not.toBe(first.body.secret);
  });
});
