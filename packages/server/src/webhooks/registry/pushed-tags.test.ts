/** Senders that say no digest: from the push, over HTTP, by the registry to the release. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRegistry, type TestRegistry } from '../../../testing/registry.ts';
import { shopSpec, startTestServer, type TestServer } from '../../../testing/test-server.ts';
import * as messages from '../../../testing/webhook-messages.ts';
import { createSender } from '../../../testing/webhook-sender.ts';

let server: TestServer;
let registry: TestRegistry;
let repository: string;

beforeAll(async () => {
  [server, registry] = await Promise.all([startTestServer(), startRegistry()]);
  repository = `${registry.host}/acme/shop`;
  const spec = { ...shopSpec(`${repository}:stable`), version: '1', guardSeconds: 0 };
  for (const name of ['shop', 'shop-too'])
    await server.during(server.call('POST', '/api/v1/namespaces/default/applications', { body: { name, spec } }));
  await server.cluster.advance(5_000);
});
afterAll(async () => {
  await Promise.all([server.stop(), registry[Symbol.asyncDispose]()]);
});

const rule = (more: object = {}) => ({
  repository,
  policy: { digestOf: 'stable' },
  namespaces: ['default'],
  allowAddresses: ['127.0.0.0/8'],
  ...more,
});
const push = (more: object = {}) => ({ ...messages.quayPush({ tag: 'stable' }), docker_url: repository, ...more });

it('each push of a tag leads to what it leads to then, also where one push looks like the other', async () => {
  registry.requireCredentials('robot', 'sesame');
  const credentials = { username: 'robot', password: 'sesame' };
  const sender = await createSender(server, 'quay', { images: [rule()] }, { credentials });
  for (const content of ['one', 'two']) {
    const digest = registry.push('acme/shop', 'stable', content);
    registry.asked.length = 0;
    const pushed = await sender.push(push());
    expect(pushed.status).toBe(202);
    const version = `stable-${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;
    const released = { outcome: 'released', image: `${repository}@${digest}`, version };
    expect(await sender.outcome(pushed.body.delivery)).toMatchObject({
      state: 'succeeded',
      results: [
        { name: 'shop', ...released },
        { name: 'shop-too', ...released },
      ],
    });
    // Once for all of them.
    expect(registry.asked.map(({ what }) => what.split(' ')[0])).toEqual(['HEAD', 'GET', 'HEAD']);
    await server.cluster.advance(20_000);
    expect((await server.cluster.release(version)).spec.template).toMatchObject({
      spec: { containers: [{ image: `${repository}@${digest}` }] },
    });
  }
  // Sent again by somebody who should not have it: it changes nothing.
  const again = await sender.push(push());
  expect(await sender.outcome(again.body.delivery)).toMatchObject({ results: [{ outcome: 'unchanged' }, {}] });
  expect(JSON.stringify((await server.call('GET', '/api/v1/webhooks')).body)).not.toContain('sesame');
});

it('a push that looks like one before is refused where a rule takes the tag for what it says', async () => {
  const images = [rule({ applications: ['shop'] }), { repository, policy: { pattern: '*' }, namespaces: ['other'] }];
  const sender = await createSender(server, 'quay', { images });
  expect((await sender.push(push())).status).toBe(202);
  expect((await sender.push(push())).status).toBe(409);
});

it('what the registry refuses is said of the Application, and what passes is tried again', async () => {
  const sender = await createSender(server, 'quay', { images: [rule({ applications: ['shop'] })] });
  const refused = await sender.push(push());
  expect(await sender.outcome(refused.body.delivery)).toMatchObject({
    state: 'failed',
    attempts: 1,
    results: [{ name: 'shop', outcome: 'failed', message: expect.stringContaining('the webhook has none') }],
  });
  const credentials = { username: 'robot', password: 'sesame' };
  const known = await createSender(server, 'quay', { images: [rule({ applications: ['shop'] })] }, { credentials });
  registry.answers.push((response) => response.writeHead(503).end());
  const passing = await known.push(push());
  expect(await known.outcome(passing.body.delivery)).toMatchObject({ state: 'succeeded', attempts: 2 });
});

it('who gets no answer of a registry delays no other Application, of which it is written down who asked for it', async () => {
  const allowAddresses = ['127.0.0.0/8', '10.0.0.0/8'];
  const images = [rule({ applications: ['shop'] }), rule({ applications: ['shop-too'], allowAddresses })];
  const credentials = { username: 'robot', password: 'sesame' };
  const sender = await createSender(server, 'quay', { images }, { credentials });
  const digest = registry.push('acme/shop', 'stable', 'three');
  const image = `${repository}@${digest}`;
  registry.answers.push((response) => response.writeHead(503).end());
  const { delivery } = (await sender.push(push())).body;
  expect(await sender.outcome(delivery)).toMatchObject({
    state: 'succeeded',
    attempts: 2,
    results: [
      { name: 'shop', outcome: 'released', image },
      { name: 'shop-too', outcome: 'unchanged', image },
    ],
  });
  const { items } = (await server.call('GET', '/api/v1/audit')).body;
  const ofIt = items.filter(({ details }: { details?: { delivery?: string } }) => details?.delivery === delivery);
  expect(ofIt.map(({ subject, outcome }: { subject: string; outcome: string }) => [subject, outcome])).toEqual([
    ['shop', 'released'],
    ['shop-too', 'released'],
  ]);
});
