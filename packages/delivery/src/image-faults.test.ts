import type { ContainerStatus, Pod } from '@slipway/kube/api.generated';
import { keyOf } from '@slipway/kube/object';
import { pods } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';
import type { ReleaseStatus } from './api/release.ts';
import { calculateImageFaults } from './image-faults.ts';

function container(reason: string, message?: string): ContainerStatus {
  const state = { waiting: { reason, ...(message === undefined ? {} : { message }) } };
  return { name: 'web', image: 'shop:9', imageID: '', ready: false, restartCount: 0, state };
}

function podWith(status: ContainerStatus): Pod {
  return { metadata: { name: 'shop-2-x' }, status: { containerStatuses: [status] } };
}

describe('the cause for which an image cannot be pulled', () => {
  test.each([
    { name: 'is what the kubelet says', seen: [container('ErrImagePull', 'not found')], cause: 'not found' },
    {
      name: 'is what it repeats while it waits',
      seen: [container('ImagePullBackOff', 'Back-off pulling image "shop:9": ErrImagePull: not found')],
      cause: 'not found',
    },
    {
      name: 'is unknown where nobody has said it',
      seen: [container('ImagePullBackOff', 'Back-off pulling image "shop:9"')],
      cause: '',
    },
    {
      name: 'is that of any pod that knows it',
      seen: [container('ImagePullBackOff', 'Back-off pulling image "shop:9"'), container('ErrImagePull', 'not found')],
      cause: 'not found',
    },
    {
      name: 'is the one that was heard first',
      seen: [container('ErrImagePull', 'dial tcp 10.0.0.1:53211: timeout')],
      known: { 'shop:9': 'dial tcp 10.0.0.1:40000: timeout' },
      cause: 'dial tcp 10.0.0.1:40000: timeout',
    },
    { name: 'is bounded', seen: [container('ErrImagePull', 'x'.repeat(300))], cause: `${'x'.repeat(200)}…` },
  ])('$name', ({ seen, known, cause }) => {
    expect(calculateImageFaults(seen.map(podWith), known)).toEqual({ 'shop:9': cause });
  });

  test('is forgotten when no pod has it any more', () => {
    expect(calculateImageFaults([podWith(container('ContainerCreating'))], { 'shop:9': 'not found' })).toBeUndefined();
  });
});

describe('a release whose image cannot be had', () => {
  let cluster: DeliveryCluster;

  beforeEach(async () => {
    cluster = await createDeliveryCluster();
  });
  afterEach(() => cluster.stop());

  async function deploy(image: string): Promise<void> {
    await cluster.deploy({
      replicas: 2,
      template: { spec: { containers: [{ name: 'web', image }] } },
      service: { ports: [{ port: 80 }] },
      strategy: { type: 'blueGreen', blueGreen: { promoteAfterSeconds: 600 } },
      guardSeconds: 0,
      keepFailedSeconds: 0,
    });
  }

  async function releaseTwo(): Promise<void> {
    await deploy('a');
    await cluster.advance(10_000);
    await deploy('shop:9');
    await cluster.advance(2_000);
  }

  /** As a kubelet reports of every pod of version 2. */
  async function report(own: ContainerStatus): Promise<ReleaseStatus | undefined> {
    const labelSelector = 'slipway.dev/release=shop-2';
    const conditions = [{ type: 'Ready', status: 'False' }];
    const body = { status: { conditions, containerStatuses: [own] } };
    for (const pod of (await cluster.client.list(pods, { namespace: 'default', labelSelector })).items)
      await cluster.client.patch(pods, keyOf(pod), { type: 'merge', body }, { subresource: 'status' });
    await cluster.advance(5_000);
    return (await cluster.release('2')).status;
  }

  test('says at once what it waits for and since when, and does not say it anew while the kubelet tries again', async () => {
    await releaseTwo();
    const first = await report(container('ErrImagePull', 'not found'));
    expect(first?.waitingFor).toMatch(
      /^0 of 2 pods of version 2 to be ready \(pods .*: container web: image shop:9 cannot be pulled: not found\)$/,
    );
    for (const again of [
      container('ImagePullBackOff', 'Back-off pulling image "shop:9"'),
      container('ErrImagePull', 'not found (request 2)'),
      container('ImagePullBackOff', 'Back-off pulling image "shop:9": ErrImagePull: not found (request 2)'),
    ]) {
      const next = await report(again);
      expect(next?.waitingFor).toBe(first?.waitingFor);
      expect(next?.waitingSince).toBe(first?.waitingSince);
    }
  });

  test('ends at once where no image can have that name', async () => {
    await releaseTwo();
    const status = await report(container('InvalidImageName', 'couldn\'t parse image name "shop:9:9"'));
    expect(status).toMatchObject({ phase: 'RolledBack' });
    expect(status?.ending?.reason).toContain('can never start: couldn\'t parse image name "shop:9:9"');
  });
});
