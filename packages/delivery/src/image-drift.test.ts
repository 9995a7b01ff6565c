import type { Pod } from '@slipway/kube/api.generated';
import { pods } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';
import { recordImages } from './image-drift.ts';

const one = 'registry.test/web@sha256:1111';
const two = 'registry.test/web@sha256:2222';

function containerStatus(name: string, imageID: string) {
  return { name, image: 'web:1', imageID, ready: true, restartCount: 0 };
}

function pod(name: string, imageID: string): Pod {
  return {
    metadata: { name },
    status: {
      initContainerStatuses: [containerStatus('setup', 'sha256:aaaa')],
      containerStatuses: [containerStatus('web', imageID)],
      ephemeralContainerStatuses: [containerStatus('debugger', 'sha256:bbbb')],
    },
  };
}

describe('the images of a version', () => {
  test.each([
    { name: 'are those of its containers', pods: [pod('a', one)], web: [one] },
    {
      name: 'are written once, whatever a runtime puts before them',
      web: [one],
      pods: [pod('a', one), pod('b', `docker-pullable://${one}`)],
    },
    { name: 'are all that were seen, in the order of the pods', pods: [pod('b', one), pod('a', two)], web: [two, one] },
    { name: 'are unknown until a kubelet has pulled them', pods: [pod('a', '')], web: undefined },
  ])('$name', ({ pods: seen, web }) => {
    expect(recordImages(seen, undefined)?.find(({ container }) => container === 'web')?.imageIDs).toEqual(web);
  });

  test('stay known without pods, and those of init containers too, not of what a person adds to look around', () => {
    const known = recordImages([pod('a', one)], undefined);
    expect(recordImages([], known)).toEqual([
      { container: 'setup', imageIDs: ['sha256:aaaa'] },
      { container: 'web', imageIDs: [one] },
    ]);
  });

  test('are eight of a container at most', () => {
    const seen = Array.from({ length: 20 }, (_, index) => pod(`pod-${index}`, `sha256:${index}`));
    expect(recordImages(seen, undefined)?.find(({ container }) => container === 'web')?.imageIDs).toHaveLength(8);
  });
});

describe('condition ImageDrift', () => {
  let cluster: DeliveryCluster;

  beforeEach(async () => {
    cluster = await createDeliveryCluster();
    await cluster.deploy({
      replicas: 2,
      template: { spec: { containers: [{ name: 'web', image: 'web:1' }] } },
      guardSeconds: 5,
    });
    await cluster.advance(3_000);
  });
  afterEach(() => cluster.stop());

  async function names(): Promise<readonly string[]> {
    const { items } = await cluster.client.list(pods, { namespace: 'default' });
    return items.map(({ metadata }) => metadata.name ?? '').toSorted();
  }

  async function run(name: string, imageID: string): Promise<void> {
    const body = { status: { containerStatuses: [containerStatus('web', imageID)] } };
    await cluster.client.patch(
      pods,
      { namespace: 'default', name },
      { type: 'merge', body },
      { subresource: 'status' },
    );
    await cluster.advance(1_000);
  }

  test('names pods and images of one version that differ, and is False again when they do not', async () => {
    const [a = '', b = ''] = await names();
    await run(a, one);
    await run(b, one);
    expect(await cluster.condition('ImageDrift')).toMatchObject({ status: 'False', reason: 'SameImages' });
    await run(b, two);
    expect(await cluster.condition('ImageDrift')).toEqual({
      status: 'True',
      reason: 'DifferentImages',
      message: `container web of version 1: pod ${a} runs ${one}, pod ${b} runs ${two}`,
    });
    await run(b, one);
    expect(await cluster.condition('ImageDrift')).toMatchObject({ status: 'False' });
  });

  test('says too that all pods run something else than was released', async () => {
    await cluster.deploy({
      replicas: 2,
      template: { spec: { containers: [{ name: 'web', image: 'web:2' }] } },
      strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } },
      guardSeconds: 5,
    });
    await cluster.advance(5_000);
    const candidates = (await names()).filter((name) => name.startsWith('shop-2'));
    for (const name of candidates) await run(name, one);
    expect((await cluster.release('2')).status?.images).toEqual([{ container: 'web', imageIDs: [one] }]);
    await cluster.command('promote');
    await cluster.advance(60_000);
    for (const name of candidates) await run(name, two);
    expect(await cluster.condition('ImageDrift')).toMatchObject({
      status: 'True',
      message: `container web of version 2: pods ${candidates.join(' and ')} run ${two}, released was ${one}`,
    });
  });
});
