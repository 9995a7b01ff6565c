import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHttpReceiver, startMailReceiver, type HttpReceiver, type MailReceiver } from '../../testing/receiver.ts';
import { shopSpec, startTestServer, type TestServer } from '../../testing/test-server.ts';

const channels = '/api/v1/notifications/channels';
const deliveries = '/api/v1/notifications/deliveries';
const signing = 'correct horse battery';

describe('notifications', () => {
  let server: TestServer;
  let receiver: HttpReceiver;
  let mail: MailReceiver;
  const create = (body: object) => server.call('POST', channels, { body });

  beforeAll(async () => {
    [server, receiver, mail] = await Promise.all([
      startTestServer({ allowPrivateTargets: true }),
      startHttpReceiver(),
      startMailReceiver(),
    ]);
  });
  afterAll(async () => {
    await server.stop();
    await Promise.all([receiver.close(), mail.close()]);
  });

  it('tell of a release that began and succeeded, where that is wanted, without a secret in sight', async () => {
    const secretUrl = `${receiver.url}/services/T000/very-secret`;
    const events = ['release.succeeded'];
    const created = await create({ name: 'chat', type: 'slack', secretUrl, filter: { events } });
    expect(created.status).toBe(201);
    await create({
      name: 'hook',
      type: 'webhook',
      url: `${receiver.url}/hook?key=1`,
      secret: signing,
      filter: { events },
    });
    await create({ name: 'other', type: 'slack', secretUrl, filter: { events, applications: ['other'] } });
    const from = 'Slipway <slipway@example.org>';
    const settings = { host: '127.0.0.1', port: mail.port, security: 'none', from, to: ['team@example.org'] };
    await create({ name: 'mail', type: 'email', mail: settings, filter: { events } });
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(30_000);
    await Promise.all([receiver.count(2), mail.count(1)]);
    const chat = receiver.received.find(({ path }) => path === '/services/T000/very-secret');
    expect(JSON.parse(chat?.body ?? '')).toMatchObject({
      text: expect.stringContaining('shop 1 in default: Succeeded'),
    });
    const hook = receiver.received.find(({ path }) => path === '/hook?key=1');
    expect(JSON.parse(hook?.body ?? '')).toMatchObject({ type: 'release.succeeded', release: 'shop-1' });
    expect(mail.received[0]).toMatch(/RCPT TO:<team@example.org>[^]*Subject: shop 1 in default: Succeeded/);
    const listed = await server.call('GET', channels);
    const audit = await server.call('GET', '/api/v1/audit');
    const all = JSON.stringify([listed.body, created.body, audit.body]);
    for (const secret of ['very-secret', signing, 'key=1']) expect(all).not.toContain(secret);
    expect(listed.body.items).toHaveLength(4);
    const kept = JSON.stringify(await server.database.query('SELECT * FROM channels'));
    for (const secret of ['very-secret', signing, 'key=1']) expect(kept).not.toContain(secret);
  });

  it('show what was sent, and send it again under the same id', async () => {
    let sent = await server.call('GET', `${deliveries}?state=delivered`);
    while (sent.body.items.length < 3) {
      await server.cluster.advance(1_000);
      sent = await server.call('GET', `${deliveries}?state=delivered`);
    }
    const { body: page } = await server.call('GET', `${deliveries}?limit=1`);
    const { body: next } = await server.call('GET', `${deliveries}?limit=2&cursor=${page.next}`);
    expect(next.items).toHaveLength(2);
    const hook = receiver.received.find(({ path }) => path.startsWith('/hook'));
    const id = String(hook?.headers['idempotency-key']);
    const before = receiver.received.length;
    expect((await server.call('POST', `${deliveries}/${id}/repeat`)).status).toBe(202);
    await receiver.count(before + 1);
    expect(receiver.received.at(-1)?.headers['idempotency-key']).toBe(id);
    expect((await server.call('POST', `${deliveries}/none/repeat`)).status).toBe(404);
  });

  it('are tried out at once, and say what went wrong', async () => {
    const url = `${receiver.url}/tried`;
    const { body: channel } = await create({ name: 'tried', type: 'cloudevents', url, mode: 'binary', enabled: false });
    const test = () => server.call('POST', `${channels}/${channel.id}/test`);
    expect((await test()).body).toEqual({ sent: true });
    expect(receiver.received.at(-1)?.headers['ce-type']).toBe('dev.slipway.release.succeeded');
    receiver.answers.push({ status: 302, headers: { location: 'http://127.0.0.1:1/' } });
    expect((await test()).body).toEqual({
      sent: false,
      error: 'the receiver answered 302: redirects are not followed',
    });
    receiver.answers.push({ status: 500, body: 'x'.repeat(5_000) });
    expect((await test()).body.error.length).toBeLessThan(1_200);
  });

  it('keep a secret that is left out, for the address that it was given for', async () => {
    const url = `${receiver.url}/kept`;
    const { body: channel } = await create({ name: 'kept', type: 'webhook', url, secret: signing, enabled: false });
    const put = (body: object) => server.call('PUT', `${channels}/${channel.id}`, { body });
    expect(await put({ name: 'kept', type: 'webhook', url, template: '{{version}}' })).toMatchObject({
      status: 200,
      body: { hasSecret: true, template: '{{version}}' },
    });
    expect((await put({ name: 'kept', type: 'webhook', url: `${receiver.url}/elsewhere` })).status).toBe(422);
    expect((await server.call('DELETE', `${channels}/${channel.id}`)).status).toBe(204);
    expect((await server.call('GET', `${channels}/${channel.id}`)).status).toBe(404);
  });

  it.each([
    ['a type without its address', { type: 'slack' }, 'body/secretUrl'],
    [
      'an address of another type',
      { type: 'webhook', url: 'https://a.org', secretUrl: 'https://a.org', secret: signing },
      'body/secretUrl',
    ],
    ['a key that can be guessed', { type: 'webhook', url: 'https://a.org', secret: 'short' }, 'body/secret'],
    ['a user in an address', { type: 'cloudevents', url: 'https://me:pass@a.org' }, 'body/url'],
    ['a token in the open', { type: 'cloudevents', url: 'http://a.org', secret: 'token' }, 'body/url'],
    [
      'a place for what there is not',
      { type: 'slack', secretUrl: 'https://a.org', template: '{{nothing}}' },
      'body/template',
    ],
  ])('refuse %s, and name it', async (_, body, field) => {
    const answer = await create({ name: 'refused', ...body });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual(expect.arrayContaining([expect.objectContaining({ field })]));
  });

  it('say what there was no room for, until they are saved again', async () => {
    const body = { name: 'full', type: 'slack', secretUrl: 'https://a.org/full' };
    const path = `${channels}/${(await create(body)).body.id}`;
    const [since, last] = ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'];
    await server.database.query(
      "UPDATE channels SET left_out = 7, left_out_since = $1, left_out_at = $2 WHERE name = 'full'",
      [since, last],
    );
    expect((await server.call('GET', path)).body.leftOut).toEqual({ count: 7, since, last });
    const metrics = await server.call('GET', '/metrics');
    expect(metrics.body).toContain('slipway_server_notifications_left_out{channel="full"} 7');
    expect((await server.call('PUT', path, { body })).body).not.toHaveProperty('leftOut');
    expect((await server.call('DELETE', path)).status).toBe(204);
    expect((await server.call('GET', '/metrics', { token: '' })).status).toBe(401);
  });

  it('have names of their own', async () => {
    expect((await create({ name: 'chat', type: 'slack', secretUrl: 'https://a.org' })).status).toBe(409);
  });

  it('are for admins of the server alone', async () => {
    const token = await server.tokenFor({ role: 'admin', namespaces: ['default'] });
    for (const path of [channels, deliveries]) expect((await server.call('GET', path, { token })).status).toBe(403);
  });
});

describe('a server that is not told otherwise', () => {
  it('sends nothing to private addresses', async () => {
    const server = await startTestServer();
    const receiver = await startHttpReceiver();
    for (const url of [receiver.url, receiver.url.replace('127.0.0.1', 'localhost'), 'http://[::ffff:127.0.0.1]/']) {
      const body = { name: url, type: 'webhook', url, secret: signing };
      const { body: channel } = await server.call('POST', channels, { body });
      const { body: outcome } = await server.call('POST', `${channels}/${channel.id}/test`);
      expect(outcome).toMatchObject({ sent: false, error: expect.stringContaining('--allow-private-targets') });
    }
    expect(receiver.received).toEqual([]);
    await receiver.close();
    await server.stop();
  });
});
