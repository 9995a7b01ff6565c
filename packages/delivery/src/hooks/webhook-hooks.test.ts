import { secrets } from '@slipway/kube/resources';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec } from '../api/application.ts';
import type { Hook } from '../api/hook.ts';
import { releaseApprovals } from '../api/release-approval.ts';
import type { GateResult, ReleaseStatus } from '../api/release.ts';
import { signWebhook } from './sign-webhook.ts';

let cluster: DeliveryCluster;

function spec(image: string, more: Partial<ApplicationSpec> = {}): Partial<ApplicationSpec> {
  return {
    replicas: 1,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    strategy: { type: 'blueGreen' },
    guardSeconds: 0,
    drainSeconds: 0,
    keepFailedSeconds: 0,
    ...more,
  };
}

beforeEach(async () => {
  cluster = await createDeliveryCluster();
  await cluster.deploy(spec('a'));
  await cluster.advance(10_000);
  await cluster.client.create(secrets, {
    metadata: { name: 'signing', namespace: 'default' },
    data: { secret: Buffer.from('key of the hook').toString('base64') },
  });
});
afterEach(() => cluster.stop());

async function releaseWith(more: Partial<Hook>): Promise<void> {
  const hook: Hook = {
    name: 'tell',
    webhook: { url: 'https://hooks.example.org/release', secretRef: { name: 'signing' } },
    ...more,
  };
  await cluster.deploy(spec('b', { hooks: { beforePromotion: [hook] } }));
}

async function status(): Promise<ReleaseStatus | undefined> {
  return (await cluster.release('2')).status;
}

async function gate(): Promise<GateResult | undefined> {
  return (await status())?.gates?.find(({ name }) => name === 'tell');
}

test('tells once, signed, of what it is about, and goes on', async () => {
  await releaseWith({});
  await cluster.advance(10_000);
  expect((await status())?.phase).toBe('Succeeded');
  const [call, ...others] = cluster.webhooks.calls;
  expect(others).toEqual([]);
  expect(call?.url.href).toBe('https://hooks.example.org/release');
  expect(JSON.parse(call?.body ?? '')).toEqual({
    hook: 'tell',
    during: 'beforePromotion',
    namespace: 'default',
    application: 'shop',
    version: '2',
    stableVersion: '1',
    release: 'shop-2',
    attempt: 1,
    candidateUrl: expect.stringMatching(/^http:\/\/10\./),
  });
  const { 'slipway-timestamp': timestamp = '', 'slipway-signature': signature } = call?.headers ?? {};
  const key = Buffer.from('key of the hook');
  expect(signature).toBe(signWebhook(key, { timestamp, body: call?.body ?? '' }));
  expect(call?.headers['idempotency-key']).toBe((await gate())?.key);
  expect(await gate()).toMatchObject({ outcome: 'passed', message: 'the webhook answered 200: heard' });
});

test('is called again later each time, with the same key, until it is heard', async () => {
  cluster.webhooks.codes.push(503, 302);
  await releaseWith({});
  await cluster.advance(10_000);
  expect(await gate()).toMatchObject({ outcome: 'passed', call: { number: 3, code: 200 } });
  expect(new Set(cluster.webhooks.calls.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
});

test('says meanwhile who is to hear it, and what was answered', async () => {
  cluster.webhooks.codes.push(503, 503, 503, 503);
  await releaseWith({});
  await cluster.advance(2_000);
  expect((await status())?.waitingFor).toBe('hook tell to be heard by hooks.example.org, which answered 503: heard');
});

test('takes the release back when nobody hears it', async () => {
  cluster.webhooks.codes.push(...Array.from({ length: 9 }, () => 500));
  await releaseWith({ retries: 2 });
  await cluster.advance(20_000);
  expect((await status())?.phase).toBe('RolledBack');
  expect(cluster.webhooks.calls.length).toBe(3);
  expect((await status())?.ending?.reason).toBe(
    'hook tell failed: the webhook was called 3 times and answered 500: heard',
  );
});

test('is not called beyond its time', async () => {
  cluster.webhooks.codes.push(...Array.from({ length: 30 }, () => 500));
  await releaseWith({ retries: 20, timeoutSeconds: 10 });
  await cluster.advance(30_000);
  expect(await gate()).toMatchObject({ outcome: 'failed' });
  expect(cluster.webhooks.calls.length).toBeLessThan(6);
});

test('is an error where its key cannot be read, and tells nothing of the Secret', async () => {
  const webhook = { url: 'https://hooks.example.org/', secretRef: { name: 'signing' } };
  const agree: Hook = { name: 'agree', approval: {} };
  const tell: Hook = { name: 'tell', webhook, retries: 0 };
  await cluster.deploy(spec('b', { hooks: { beforePromotion: [agree, tell] } }));
  await cluster.advance(10_000);
  await cluster.client.patch(
    secrets,
    { namespace: 'default', name: 'signing' },
    { type: 'merge', body: { data: { secret: null, other: 'a2V5IG9mIHRoZSBob29r' } } },
  );
  await cluster.client.create(releaseApprovals, {
    metadata: { name: 'agreed', namespace: 'default' },
    spec: { application: 'shop', release: 'shop-2', hook: 'agree' },
  });
  await cluster.advance(20_000);
  expect(cluster.webhooks.calls).toEqual([]);
  expect(await gate()).toMatchObject({ outcome: 'error' });
  expect((await gate())?.message).toBe(
    'the webhook was called once and could not be told: the Secret signing has nothing under secret, where the signing key is expected',
  );
  expect(JSON.stringify(await status())).not.toContain('key of the hook');
});
