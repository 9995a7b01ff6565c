import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec } from '../api/application.ts';
import type { Hook } from '../api/hook.ts';
import { releaseApprovals, type ReleaseApproval } from '../api/release-approval.ts';
import type { ReleaseStatus } from '../api/release.ts';

let cluster: DeliveryCluster;

function spec(image: string, more: Partial<ApplicationSpec> = {}): Partial<ApplicationSpec> {
  return {
    replicas: 1,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    strategy: { type: 'blueGreen' },
    progressDeadlineSeconds: 30,
    guardSeconds: 0,
    drainSeconds: 0,
    keepFailedSeconds: 0,
    ...more,
  };
}

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

async function releaseWith(more: Partial<Hook> = {}): Promise<void> {
  await cluster.deploy(spec('a'));
  await cluster.advance(10_000);
  await cluster.deploy(spec('b', { hooks: { beforePromotion: [{ name: 'sign-off', approval: {}, ...more }] } }));
  await cluster.advance(10_000);
}

async function approve(more: Partial<ReleaseApproval['spec']> = {}): Promise<void> {
  await cluster.client.create(releaseApprovals, {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'ReleaseApproval',
    metadata: { generateName: 'shop-', namespace: 'default' },
    spec: {
      application: 'shop',
      release: 'shop-2',
      hook: 'sign-off',
      approvedBy: 'ann',
      reason: 'looks good',
      ...more,
    },
  });
  await cluster.advance(5_000);
}

async function status(version = '2'): Promise<ReleaseStatus | undefined> {
  return (await cluster.release(version)).status;
}

async function left(): Promise<number> {
  return (await cluster.client.list(releaseApprovals, { namespace: 'default' })).items.length;
}

test('a release waits for somebody to agree, however long that takes', async () => {
  await releaseWith();
  await cluster.advance(600_000);
  expect(await status()).toMatchObject({
    phase: 'Progressing',
    waitingFor: 'somebody to approve sign-off (a ReleaseApproval of release shop-2)',
  });
  await approve();
  expect((await status())?.phase).toBe('Succeeded');
  const gate = (await status())?.gates?.find(({ name }) => name === 'sign-off');
  expect(gate?.message).toMatch(/^approved by ann \(as claimed\) at .*: looks good$/);
  expect(await left()).toBe(0);
});

test('an approval that was given before it is asked for counts too', async () => {
  await cluster.deploy(spec('a'));
  await cluster.advance(10_000);
  const hooks = { beforePromotion: [{ name: 'sign-off', approval: {} }] };
  await cluster.deploy(spec('b', { hooks, paused: false, replicas: 1 }));
  await approve();
  await cluster.advance(10_000);
  expect((await status())?.phase).toBe('Succeeded');
});

test.each([
  ['of another hook', { hook: 'other' }],
  ['of a release that has ended', { release: 'shop-1' }],
])('an approval %s does not count, and goes', async (_, more) => {
  await releaseWith();
  await approve(more);
  expect((await status())?.phase).toBe('Progressing');
  expect(await left()).toBe(0);
});

test('an approval of a release that there is none of goes after a while, though nothing else happens', async () => {
  await cluster.deploy(spec('a'));
  await cluster.advance(10_000);
  await approve({ release: 'shop-7' });
  expect(await left()).toBe(1);
  await cluster.advance(60_000);
  expect(await left()).toBe(0);
});

test('promote does not stand for an approval: who releases is not who agrees', async () => {
  await releaseWith();
  await cluster.command('promote');
  await cluster.advance(10_000);
  expect((await status())?.phase).toBe('Progressing');
});

test('nobody who agrees in time takes the release back', async () => {
  await releaseWith({ timeoutSeconds: 60 });
  await cluster.advance(80_000);
  expect(await status()).toMatchObject({
    phase: 'RolledBack',
    ending: { by: 'hook', reason: 'hook sign-off failed: nobody approved within 60 s' },
  });
});

test('a first version waits for it too', async () => {
  await cluster.deploy(spec('a', { hooks: { beforeRelease: [{ name: 'sign-off', approval: {} }] } }));
  await cluster.advance(10_000);
  expect((await status('1'))?.waitingFor).toMatch(/^somebody to approve sign-off/);
  await approve({ release: 'shop-1' });
  await cluster.advance(5_000);
  expect((await cluster.application()).status?.serving?.version).toBe('1');
});

test('is not asked again by a retry of what was agreed to', async () => {
  const failing: Hook = { name: 'tell', webhook: { url: 'https://hooks.example.org/' }, retries: 0 };
  cluster.webhooks.codes.push(500);
  await cluster.deploy(spec('a'));
  await cluster.advance(10_000);
  const hooks = { beforePromotion: [{ name: 'sign-off', approval: {} }, failing] };
  await cluster.deploy(spec('b', { hooks }));
  await cluster.advance(10_000);
  await approve();
  await cluster.advance(10_000);
  expect((await status())?.phase).toBe('RolledBack');
  await cluster.command('retry');
  await cluster.advance(10_000);
  expect((await status())?.phase).toBe('Succeeded');
});
