import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import { applications } from '../api/application.ts';
import { releaseApprovals } from '../api/release-approval.ts';
import { releaseCommands } from '../api/release-command.ts';

const namespace = 'default';
const hooks = { beforeRelease: [{ name: 'sign-off', approval: {} }] };
const spec = { template: { spec: { containers: [{ name: 'web', image: 'a' }] } }, hooks, guardSeconds: 0 };
let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

async function agree(): Promise<void> {
  await cluster.client.create(releaseApprovals, {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'ReleaseApproval',
    metadata: { name: 'agreed', namespace },
    spec: { application: 'shop', release: 'shop-1', hook: 'sign-off' },
  });
}

async function left(): Promise<number> {
  const lists = await Promise.all([
    cluster.client.list(releaseApprovals, { namespace }),
    cluster.client.list(releaseCommands, { namespace }),
  ]);
  return lists.reduce((sum, { items }) => sum + items.length, 0);
}

async function remove(): Promise<void> {
  await cluster.deploy(spec);
  await cluster.advance(5_000);
  await cluster.client.delete(applications, { namespace, name: 'shop' });
  await cluster.advance(60_000);
}

test('what is asked of an Application that is gone goes after a while', async () => {
  await remove();
  await agree();
  await cluster.command('promote');
  await cluster.advance(30_000);
  expect(await left()).toBe(2);
  await cluster.advance(60_000);
  expect(await left()).toBe(0);
});

test('what was asked of an Application that is gone is not taken for asked of the next one', async () => {
  await remove();
  await agree();
  await cluster.command('pause');
  await cluster.advance(2_000);
  await cluster.deploy(spec);
  await cluster.advance(20_000);
  expect((await cluster.release('1')).status).toMatchObject({
    phase: 'Progressing',
    waitingFor: 'somebody to approve sign-off (a ReleaseApproval of release shop-1)',
  });
  expect(await left()).toBe(0);
});

test('an approval that is created before its Application counts for none', async () => {
  await agree();
  await cluster.advance(2_000);
  await cluster.deploy(spec);
  await cluster.advance(20_000);
  expect((await cluster.release('1')).status?.phase).toBe('Progressing');
  await agree();
  await cluster.advance(20_000);
  expect((await cluster.release('1')).status?.phase).toBe('Succeeded');
});
