import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shopSpec, startTestServer, type TestServer } from '../../testing/test-server.ts';
import * as messages from '../../testing/webhook-messages.ts';
import { createSender, webhooksPath } from '../../testing/webhook-sender.ts';

const repository = 'ghcr.io/acme/shop';
const application = '/api/v1/namespaces/default/applications/shop';
const images = (policy: object, more: object = {}) => ({
  images: [{ repository, policy, namespaces: ['default'], ...more }],
});

let server: TestServer;
let now: () => number;

beforeAll(async () => {
  server = await startTestServer();
  now = () => server.cluster.clock.now();
  const body = { name: 'shop', spec: { ...shopSpec(`${repository}:1.3.0`), version: '1.3.0', guardSeconds: 0 } };
  await Promise.all([
    server.call('POST', '/api/v1/namespaces/default/applications', { body }),
    server.cluster.advance(5_000),
  ]);
});
afterAll(() => server.stop());

describe('a webhook for images', () => {
  it('leads from a push to a release, which says who asked', async () => {
    const sender = await createSender(server, 'github', images({ semver: '^1.3.0' }));
    const { status, body } = await sender.push(messages.githubPackage({ tag: '1.4.0', at: now() }));
    expect(status).toBe(202);
    expect(body).toEqual({ delivery: expect.any(String), state: 'waiting' });
    expect(await sender.outcome(body.delivery)).toMatchObject({
      state: 'succeeded',
      requestedBy: 'webhook of github',
      attempts: 1,
      events: [{ type: 'image', repository, tag: '1.4.0' }],
      results: [
        { name: 'shop', outcome: 'released', image: `${repository}:1.4.0`, version: '1.4.0', release: 'shop-1.4.0' },
      ],
    });
    const { spec } = (await server.call('GET', application)).body;
    expect(spec).toMatchObject({
      version: '1.4.0',
      template: { spec: { containers: [{ image: `${repository}:1.4.0` }] } },
    });
    await server.cluster.advance(5_000);
    expect((await server.cluster.release('1.4.0')).metadata.annotations).toMatchObject({
      'slipway.dev/requested-by': 'webhook of github',
    });
    const { items } = (await server.call('GET', '/api/v1/audit')).body;
    expect(items).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ principal: 'webhook of github', action: 'POST /hooks/:id', outcome: '202' }),
        expect.objectContaining({ principal: 'webhook of github', subject: 'shop', outcome: 'released' }),
      ]),
    );
  });

  it('leaves what its policy does not want, and says why', async () => {
    const sender = await createSender(server, 'github', images({ semver: '^1' }));
    const { body } = await sender.push(messages.githubPackage({ tag: '1.2.0', at: now() }));
    expect(await sender.outcome(body.delivery)).toMatchObject({
      state: 'ignored',
      message: expect.stringContaining('older than 1.4.0'),
      results: [{ outcome: 'passedOver' }],
    });
    const other = await createSender(server, 'quay', images({ pattern: '*' }));
    const pushed = await other.push(messages.quayPush());
    expect(await other.outcome(pushed.body.delivery)).toMatchObject({
      state: 'ignored',
      message: expect.stringContaining('no rule of the webhook'),
    });
  });

  it('pins the digest that a tag has', async () => {
    const sender = await createSender(server, 'github', images({ digestOf: 'stable' }));
    const { body } = await sender.push(messages.githubPackage({ tag: 'stable', at: now() }));
    expect(await sender.outcome(body.delivery)).toMatchObject({
      results: [{ outcome: 'released', image: `${repository}@${messages.digest}`, version: 'stable-abababababab' }],
    });
  });

  it('says what the cluster does not take', async () => {
    const sender = await createSender(server, 'github', images({ pattern: '_*' }));
    const { body } = await sender.push(messages.githubPackage({ tag: '_x', at: now() }));
    expect(await sender.outcome(body.delivery)).toMatchObject({
      state: 'failed',
      results: [{ outcome: 'failed', message: expect.stringContaining('version') }],
    });
  });

  it('does it again when it is told to, by name of who tells it', async () => {
    const sender = await createSender(server, 'github', images({ pattern: 'v*' }));
    const first = await sender.push(messages.githubPackage({ tag: 'v7', at: now() }));
    await sender.outcome(first.body.delivery);
    await server.cluster.advance(5_000);
    const second = await sender.push(messages.githubPackage({ tag: 'v8', at: now() }));
    await sender.outcome(second.body.delivery);
    await server.cluster.advance(5_000);
    const path = `${webhooksPath}/${sender.id}/deliveries/${first.body.delivery}/redeliver`;
    const { status, body } = await server.call('POST', path);
    expect(status).toBe(202);
    expect(body).toMatchObject({ repeats: first.body.delivery, requestedBy: 'admin' });
    expect(await sender.outcome(body.id)).toMatchObject({ state: 'succeeded', results: [{ version: 'v7' }] });
  });

  it('does it again once, however often it is told so under one key', async () => {
    const sender = await createSender(server, 'github', images({ pattern: 'v*' }));
    const first = await sender.push(messages.githubPackage({ tag: 'v9', at: now() }));
    await sender.outcome(first.body.delivery);
    const path = `${webhooksPath}/${sender.id}/deliveries/${first.body.delivery}/redeliver`;
    const repeat = () => server.call('POST', path, { headers: { 'idempotency-key': 'again' } });
    const { body } = await repeat();
    await sender.outcome(body.id);
    // Killed before it was answered.
    await server.database.query('UPDATE asked_requests SET answer = NULL');
    for (const { status, body: other } of [await repeat(), await repeat()])
      expect([status, other.id]).toEqual([202, body.id]);
    expect(await sender.deliveries()).toHaveLength(2);
  });
});

describe('a message', () => {
  it('without the secret, or with another one, is refused, and nothing of it is kept', async () => {
    const sender = await createSender(server, 'github', images({ semver: '*' }));
    const payload = messages.githubPackage({ tag: '1.9.0', at: now() });
    const without = await sender.push(payload, ({ body }) => ({
      body,
      headers: { 'x-github-event': 'registry_package' },
    }));
    const changed = await sender.push(payload, ({ body, headers }) => ({
      headers,
      body: body.replace('1.9.0', '6.6.6'),
    }));
    const unknown = await server.call('POST', `/hooks/${'A'.repeat(24)}`, { token: '', body: payload });
    const byToken = await server.call('POST', `/hooks/${sender.id}`, { body: payload });
    for (const { status, body } of [without, changed, unknown, byToken]) {
      expect(status).toBe(401);
      expect(body.detail).toBe(without.body.detail);
    }
    expect(await sender.deliveries()).toEqual([]);
  });

  it('with the secret in the address is taken from who can send nothing else', async () => {
    const sender = await createSender(server, 'dockerHub', images({ semver: '*' }));
    const payload = messages.dockerHubPush({ at: now() });
    const guessed = await sender.push(payload, (sent) => ({ ...sent, pathSecret: `${sender.secret.slice(1)}x` }));
    expect(guessed.status).toBe(401);
    expect((await sender.push(payload)).status).toBe(202);
    const { items } = (await server.call('GET', '/api/v1/audit')).body;
    expect(JSON.stringify(items)).not.toContain(sender.secret);
  });

  it('of GitLab that is signed is known again by the id that is signed, whatever else it is called', async () => {
    const sender = await createSender(server, 'gitlab', images({ semver: '*' }));
    const send = (id: string, name: string) =>
      sender.push(messages.gitlabPush(), ({ body }) => {
        const time = String(Math.floor(now() / 1_000));
        const key = Buffer.from(sender.secret, 'base64url');
        const signature = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64');
        const signed = { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': `v1,${signature}` };
        return { headers: { 'content-type': 'application/json', ...signed, 'idempotency-key': name }, body };
      });
    expect((await send('message-1', 'one')).status).toBe(202);
    expect((await send('message-1', 'two')).status).toBe(409);
    expect((await send('message-2', 'one')).status).toBe(202);
  });

  it('that comes again is refused, under whatever name it comes', async () => {
    const sender = await createSender(server, 'github', images({ semver: '*' }));
    let kept: { headers: Readonly<Record<string, string>>; body: string } | undefined;
    const payload = messages.githubPackage({ tag: '1.0.0', at: now() });
    const first = await sender.push(payload, (sent) => (kept = sent));
    const again = await sender.push(payload, () => kept!);
    const renamed = await sender.push(payload, () => ({
      ...kept!,
      headers: { ...kept!.headers, 'x-github-delivery': 'another' },
    }));
    for (const { status, body } of [again, renamed]) {
      expect(status).toBe(409);
      expect(body.detail).toContain(first.body.delivery);
    }
    expect(await sender.deliveries()).toHaveLength(1);
  });

  it('that comes again to who sends until it is taken is answered that, and done once', async () => {
    const target = {
      images: [{ repository: 'registry.example.org:5000/acme/shop', policy: { semver: '*' }, namespaces: ['default'] }],
    };
    const sender = await createSender(server, 'distribution', target);
    const payload = messages.distributionPush({ at: now() });
    expect((await sender.push(payload)).status).toBe(202);
    expect(await sender.push(payload)).toMatchObject({ status: 200, body: { state: 'refused' } });
    expect(await sender.push(messages.distributionPush({ at: now() - 25 * 3_600_000 }))).toMatchObject({
      status: 200,
      body: { state: 'refused', message: expect.stringContaining('older than a day') },
    });
  });

  it('of yesterday or of tomorrow is refused, and kept as that', async () => {
    const sender = await createSender(server, 'harbor', images({ semver: '*' }));
    const late = await sender.push(messages.harborPush({ at: now() - 25 * 3_600_000 }));
    const early = await sender.push(messages.harborPush({ at: now() + 3_600_000 }));
    expect([late.status, early.status]).toEqual([422, 422]);
    expect(await sender.deliveries()).toMatchObject([{ state: 'refused' }, { state: 'refused', events: [] }]);
  });

  it.each([
    { name: 'no JSON', body: '{"a":', detail: 'no JSON' },
    { name: 'no text', body: Buffer.from([0xff, 0xfe]), detail: 'no JSON' },
    { name: 'another thing', body: '[1,2]', detail: 'repository.repo_name is missing' },
    { name: 'nothing', body: '', detail: 'no JSON' },
    { name: 'depth without end', body: '['.repeat(100_000), detail: 'no JSON' },
  ])('that is $name is refused with words', async ({ body, detail }) => {
    const sender = await createSender(server, 'dockerHub', images({ semver: '*' }));
    const response = await fetch(new URL(`/hooks/${sender.id}/${sender.secret}`, server.server.url), {
      method: 'POST',
      body,
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(detail);
  });

  it('that is too long is not read', async () => {
    const sender = await createSender(server, 'dockerHub', images({ semver: '*' }));
    const long = await sender.push({ ...messages.dockerHubPush(), more: 'x'.repeat(2_100_000) });
    expect(long.status).toBe(413);
  });

  it('of which nothing follows is kept as that', async () => {
    const sender = await createSender(server, 'github', images({ semver: '*' }));
    const { status, body } = await sender.push({ zen: 'x' }, (sent) => ({
      ...sent,
      headers: { ...sent.headers, 'x-github-event': 'ping' },
    }));
    expect({ status, state: body.state }).toEqual({ status: 202, state: 'ignored' });
    const [{ id, message }] = await sender.deliveries();
    expect(message).toContain('ping');
    expect(await server.call('POST', `${webhooksPath}/${sender.id}/deliveries/${id}/redeliver`)).toMatchObject({
      status: 409,
    });
  });
});

describe('webhooks by the API', () => {
  it('say whether they have credentials, and to nobody which', async () => {
    const credentials = { username: 'acme+robot', password: 'sesame-opens' };
    const body = { name: 'asks', sender: 'quay', target: images({ digestOf: 'stable' }) };
    const [without, given] = [
      await server.call('POST', webhooksPath, { body }),
      await server.call('POST', webhooksPath, { body: { ...body, credentials } }),
    ];
    expect([without, given].map((made) => made.body.webhook.hasCredentials)).toEqual([false, true]);
    const path = `${webhooksPath}/${given.body.webhook.id}`;
    const shown = [given, await server.call('GET', path), await server.call('POST', `${path}/rotate`)];
    expect(shown[1]?.body.hasCredentials).toBe(true);
    expect(shown[2]?.body.webhook.hasCredentials).toBe(true);
    expect(JSON.stringify(shown)).not.toMatch(/acme\+robot|sesame-opens/);
  });

  it('show their secret once', async () => {
    const body = { name: 'once', sender: 'quay', target: images({ pattern: '*' }) };
    const created = await server.call('POST', webhooksPath, { body });
    const { secret, path, webhook } = created.body;
    expect(created).toMatchObject({
      status: 201,
      body: { path: `/hooks/${webhook.id}/${secret}`, webhook: { secretGoes: 'address' } },
    });
    expect(created.headers.get('location')).toBe(`${webhooksPath}/${webhook.id}`);
    expect(path).toContain(secret);
    const rows = await server.database.query('SELECT * FROM webhooks');
    const shown = [
      rows,
      (await server.call('GET', webhooksPath)).body,
      (await server.call('GET', `${webhooksPath}/${webhook.id}`)).body,
    ];
    expect(JSON.stringify(shown)).not.toContain(secret);
  });

  it('get another secret, and nobody comes in with the old one', async () => {
    const sender = await createSender(server, 'gitlab', images({ pattern: '*' }));
    const { status, body } = await server.call('POST', `${webhooksPath}/${sender.id}/rotate`);
    expect({ status, isNew: body.secret !== sender.secret }).toEqual({ status: 200, isNew: true });
    const payload = messages.gitlabPush();
    expect((await sender.push(payload)).status).toBe(401);
    const withNew = await sender.push(payload, (sent) => ({
      ...sent,
      headers: { ...sent.headers, 'x-gitlab-token': body.secret },
    }));
    expect(withNew).toMatchObject({ status: 202, body: { state: 'ignored' } });
  });

  it('are gone with their deliveries', async () => {
    const sender = await createSender(server, 'gitlab', images({ pattern: '*' }));
    await sender.push(messages.gitlabPush());
    expect((await server.call('DELETE', `${webhooksPath}/${sender.id}`)).status).toBe(204);
    expect((await sender.push(messages.gitlabPush())).status).toBe(401);
    for (const path of ['', '/deliveries'])
      expect((await server.call('GET', `${webhooksPath}/${sender.id}${path}`)).status).toBe(404);
    expect((await server.call('POST', `${webhooksPath}/${sender.id}/rotate`)).status).toBe(404);
    expect(await server.database.query('SELECT id FROM webhook_deliveries WHERE webhook_id = $1', [sender.id])).toEqual(
      [],
    );
  });

  it('are for admins of the server alone', async () => {
    const token = await server.tokenFor(
      { role: 'operate', namespaces: ['*'] },
      { role: 'admin', namespaces: ['default'] },
    );
    for (const [method, path] of [
      ['GET', ''],
      ['POST', ''],
      ['GET', `/${'A'.repeat(24)}/deliveries`],
    ] as const)
      expect(
        (await server.call(method, `${webhooksPath}${path}`, { token, ...(method === 'POST' ? { body: {} } : {}) }))
          .status,
      ).toBe(403);
  });

  const manifests = {
    repository: 'https://git.example.org/a.git',
    branch: 'main',
    directory: 'deploy',
    namespaces: ['default'],
  };
  it.each([
    { name: 'neither images nor manifests', sender: 'github', target: {}, field: 'body/target' },
    { name: 'both', sender: 'github', target: { ...images({ semver: '1' }), manifests }, field: 'body/target' },
    {
      name: 'two policies',
      sender: 'github',
      target: images({ semver: '1', pattern: '*' }),
      field: 'body/target/images/0/policy',
    },
    {
      name: 'no range',
      sender: 'github',
      target: images({ semver: 'x y' }),
      field: 'body/target/images/0/policy/semver',
    },
    {
      name: 'a network where no registry is asked',
      sender: 'github',
      target: images({ semver: '1' }, { allowAddresses: ['10.0.0.0/8'] }),
      field: 'body/target/images/0/allowAddresses',
    },
    {
      name: 'a network of a registry that is none',
      sender: 'quay',
      target: images({ digestOf: 'a' }, { allowAddresses: ['10.0.0.0'] }),
      field: 'body/target/images/0/allowAddresses/0',
    },
    {
      name: 'credentials where no registry is asked',
      sender: 'quay',
      target: images({ semver: '1' }),
      credentials: { username: 'a', password: 'b' },
      field: 'body/credentials',
    },
    {
      name: 'credentials of one registry that another would see',
      sender: 'quay',
      target: {
        images: ['quay.io/acme/shop', 'quay.example.org/acme/shop'].map((repository) => ({
          repository,
          policy: { digestOf: 'a' },
          namespaces: ['default'],
        })),
      },
      credentials: { username: 'a', password: 'b' },
      field: 'body/credentials',
    },
    { name: 'commits of a registry', sender: 'quay', target: { manifests }, field: 'body/target/manifests' },
    { name: 'images of Gitea', sender: 'gitea', target: images({ semver: '1' }), field: 'body/target/images' },
    {
      name: 'a file',
      sender: 'gitea',
      target: { manifests: { ...manifests, repository: 'file:///etc' } },
      field: 'body/target/manifests/repository',
    },
    {
      name: 'a command',
      sender: 'gitea',
      target: { manifests: { ...manifests, repository: 'ext::sh -c id' } },
      field: 'body/target/manifests/repository',
    },
    {
      name: 'no encryption',
      sender: 'gitea',
      target: { manifests: { ...manifests, repository: 'http://git.example.org/a' } },
      field: 'body/target/manifests/repository',
    },
    {
      name: 'credentials in the address',
      sender: 'gitea',
      target: { manifests: { ...manifests, repository: 'https://a:b@git.example.org/a' } },
      field: 'body/target/manifests/repository',
    },
    {
      name: 'a branch that is an option',
      sender: 'gitea',
      target: { manifests: { ...manifests, branch: '--upload-pack=x' } },
      field: 'body/target/manifests/branch',
    },
    {
      name: 'a way out',
      sender: 'gitea',
      target: { manifests: { ...manifests, directory: 'a/../..' } },
      field: 'body/target/manifests/directory',
    },
    {
      name: 'no network',
      sender: 'gitea',
      target: { manifests: { ...manifests, allowAddresses: ['10.0.0.0'] } },
      field: 'body/target/manifests/allowAddresses/0',
    },
  ])('name what is wrong: $name', async ({ name: _, field, ...asked }) => {
    const { status, body } = await server.call('POST', webhooksPath, { body: { name: 'x', ...asked } });
    expect(status).toBe(422);
    expect(body.errors.map((fault: { field: string }) => fault.field)).toContain(field);
  });
});
