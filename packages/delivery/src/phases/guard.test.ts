import type { ContainerStatus, Pod } from '@slipway/kube/api.generated';
import { keyOf } from '@slipway/kube/object';
import { pods } from '@slipway/kube/resources';
import { splits } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec, CanaryParameters } from '../api/application.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

function spec(image: string, type: string): Partial<ApplicationSpec> {
  return {
    replicas: 4,
    template: { spec: { containers: [{ name: 'web', image, livenessProbe: { httpGet: { port: 80 } } }] } },
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop.localhost'] },
    strategy: { type },
    guardSeconds: 300,
    drainSeconds: 1,
    keepFailedSeconds: 0,
  };
}

async function podsOf(version: string): Promise<readonly Pod[]> {
  const labelSelector = `slipway.dev/release=shop-${version}`;
  return (await cluster.client.list(pods, { namespace: 'default', labelSelector })).items;
}

async function mark(pod: Pod, status: object): Promise<void> {
  await cluster.client.patch(pods, keyOf(pod), { type: 'merge', body: { status } }, { subresource: 'status' });
}

function container(state: Partial<ContainerStatus>): object {
  const own = { name: 'web', image: 'b', imageID: '', ready: false, restartCount: 0, ...state };
  return { containerStatuses: [own] };
}

const finishedAt = '2099-01-01T00:00:00Z';
const crash = {
  restartCount: 3,
  state: { waiting: { reason: 'CrashLoopBackOff' } },
  lastState: { terminated: { exitCode: 1, finishedAt } },
};
const outOfMemory = {
  restartCount: 1,
  state: { running: {} },
  lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt } },
};
const probeFailed = {
  restartCount: 1,
  state: { running: {} },
  lastState: { terminated: { exitCode: 143, reason: 'Error', finishedAt } },
};

async function guardTwo(
  type = 'blueGreen',
  canary?: CanaryParameters,
  reach: () => Promise<void> = async () => undefined,
): Promise<void> {
  const strategy = { type, ...(canary === undefined ? {} : { canary }) };
  await cluster.deploy({ ...spec('a', type), strategy });
  await cluster.advance(10_000);
  await cluster.deploy({ ...spec('b', type), strategy });
  await cluster.advance(20_000);
  await reach();
  expect((await cluster.release('2')).status?.phase).toBe('Guarding');
}

async function weightOf(version: string): Promise<number | undefined> {
  const split = await cluster.client.get(splits, { namespace: 'default', name: 'shop' });
  return split.spec.rules[0]?.backends.find((backend) => backend.version === version)?.weight;
}

async function expectReturned(reason: string): Promise<void> {
  const { status } = await cluster.release('2');
  expect(status?.ending).toMatchObject({ phase: 'RolledBack', by: 'guard', reason: expect.stringContaining(reason) });
  expect(await weightOf('1')).toBe(100);
}

async function count(traffic: readonly { version: string; requests: number; serverErrors: number }[]): Promise<void> {
  const key = { namespace: 'default', name: 'shop' };
  const split = await cluster.client.get(splits, key);
  const instances = split.status?.instances?.map((instance) => ({ ...instance, traffic }));
  await cluster.client.patch(
    splits,
    key,
    { type: 'merge', body: { status: { instances } } },
    { subresource: 'status' },
  );
}

describe('the guard gives all traffic back within two seconds', () => {
  test.each<[string, Partial<ContainerStatus>, string]>([
    ['of a crash loop', crash, 'crashes again and again (exit code 1)'],
    ['of a kill for memory', outOfMemory, 'OOMKilled'],
    ['of a failed liveness probe', probeFailed, 'liveness or startup probe failed'],
  ])('%s', async (_, state, reason) => {
    await guardTwo();
    const [pod] = await podsOf('2');
    if (pod !== undefined) await mark(pod, container(state));
    await cluster.advance(2_000);
    await expectReturned(reason);
  });

  test('of the loss of more than half of the pods', async () => {
    await guardTwo();
    const [first, second, third] = await podsOf('2');
    const notReady = { conditions: [{ type: 'Ready', status: 'False' }] };
    for (const pod of [first, second]) if (pod !== undefined) await mark(pod, notReady);
    await cluster.advance(2_000);
    expect((await cluster.release('2')).status?.phase).toBe('Guarding');
    const crashed = container({
      restartCount: 1,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 7, finishedAt } },
    });
    if (third !== undefined) await mark(third, { ...notReady, ...crashed });
    await cluster.advance(2_000);
    await expectReturned('only 1 of 4 pods of version 2 are ready (');
    await expectReturned('container web: CrashLoopBackOff (it ended with exit code 7)');
  });

  test('of 5xx answers: more than 5 % of 50, and twice what stable had', async () => {
    await guardTwo();
    await count([{ version: '2', requests: 49, serverErrors: 49 }]);
    await cluster.advance(2_000);
    expect((await cluster.release('2')).status?.phase).toBe('Guarding');
    await count([
      { version: '1', requests: 1_000, serverErrors: 40 },
      { version: '2', requests: 100, serverErrors: 8 },
    ]);
    await cluster.advance(2_000);
    expect((await cluster.release('2')).status?.phase).toBe('Guarding');
    await count([
      { version: '1', requests: 1_000, serverErrors: 40 },
      { version: '2', requests: 200, serverErrors: 20 },
    ]);
    await cluster.advance(2_000);
    await expectReturned('10.0 % of 200 requests to version 2 were answered with 5xx, of those to version 1 4.0 %');
  });

  test.each([
    ['of 5xx answers, whatever many good ones the steps before it had', 10_000_000, 0],
    ['of 5xx answers of the guard alone', 200, 200],
  ])('%s', async (_, requests, serverErrors) => {
    await guardTwo('canary', { steps: [{ setWeight: 50 }, { pause: {} }] }, async () => {
      await cluster.command('resume');
      await cluster.advance(5_000);
      await count([{ version: '2', requests, serverErrors }]);
    });
    await cluster.advance(2_000);
    expect((await cluster.release('2')).status?.phase).toBe('Guarding');
    await count([{ version: '2', requests: requests + 100, serverErrors: serverErrors + 40 }]);
    await cluster.advance(2_000);
    await expectReturned('40.0 % of 100 requests to version 2');
  });

  test('under rolling, as stable grows', async () => {
    await guardTwo('rolling');
    const [pod] = await podsOf('2');
    if (pod !== undefined) await mark(pod, container(crash));
    await cluster.advance(5_000);
    await expectReturned('crashes again and again');
  });
});

describe('the guard', () => {
  test('is not alarmed by pods that a larger replicas asks for', async () => {
    await guardTwo();
    await cluster.deploy({ ...spec('b', 'blueGreen'), replicas: 12 });
    await cluster.advance(5_000);
    expect((await cluster.release('2')).status?.phase).toBe('Guarding');
    expect(await podsOf('2')).toHaveLength(12);
    expect(await podsOf('1')).toHaveLength(12);
  });

  test('ends with the version as the stable one, and the version before leaves', async () => {
    await guardTwo();
    expect(await podsOf('1')).toHaveLength(4);
    expect((await cluster.application()).status?.serving?.version).toBe('1');
    await cluster.advance(310_000);
    expect((await cluster.application()).status?.serving?.version).toBe('2');
    expect(await podsOf('1')).toHaveLength(0);
  });

  test.each(['blueGreen', 'rolling'])('of a later version lets go of what nobody goes back to (%s)', async (type) => {
    await guardTwo(type);
    await cluster.deploy(spec('c', type));
    await cluster.advance(30_000);
    expect((await cluster.release('3')).status?.phase).toBe('Guarding');
    expect((await cluster.application()).status?.serving?.version).toBe('2');
    expect(await podsOf('1')).toHaveLength(0);
    expect(await podsOf('2')).toHaveLength(4);
  });

  test('of a later version keeps what history.keepRunningSeconds asks for', async () => {
    await guardTwo();
    await cluster.deploy({ ...spec('c', 'blueGreen'), history: { keepRunningSeconds: 60 } });
    await cluster.advance(20_000);
    expect((await cluster.release('3')).status?.phase).toBe('Guarding');
    expect(await podsOf('1')).toHaveLength(4);
    await cluster.advance(60_000);
    expect(await podsOf('1')).toHaveLength(0);
  });

  test('ends for a newer version on record, so that the controllers that take over judge no other way', async () => {
    let actionsOfLife = Infinity;
    const mortal = await createDeliveryCluster({ actionsOfLife: () => actionsOfLife });
    try {
      await mortal.deploy(spec('a', 'blueGreen'));
      await mortal.advance(10_000);
      await mortal.deploy(spec('b', 'blueGreen'));
      await mortal.advance(20_000);
      expect((await mortal.release('2')).status?.phase).toBe('Guarding');
      actionsOfLife = 1;
      await mortal.away(100, () => mortal.deploy(spec('c', 'blueGreen')));
      await mortal.advance(10_000);
      expect((await mortal.release('2')).status).toMatchObject({ phase: 'Succeeded', guardCutShort: true });
      expect((await mortal.application()).status?.serving?.version).toBe('2');
      actionsOfLife = Infinity;
      await mortal.advance(20_000);
      expect((await mortal.release('3')).status?.phase).toBe('Guarding');
    } finally {
      await mortal.stop();
    }
  });

  test('is over when spec asks for the stable version again, which takes traffic back', async () => {
    await guardTwo();
    await cluster.deploy(spec('a', 'blueGreen'));
    await cluster.advance(10_000);
    expect((await cluster.release('2')).status?.phase).toBe('Superseded');
    expect((await cluster.application()).status?.serving?.version).toBe('1');
    expect(await weightOf('1')).toBe(100);
  });
});

describe('a candidate that breaks before it has traffic ends its release at once', () => {
  test.each<[string, Partial<ContainerStatus>]>([
    ['in a crash loop', crash],
    ['for memory', outOfMemory],
    ['by a probe', probeFailed],
  ])('%s', async (_, state) => {
    await cluster.deploy(spec('a', 'blueGreen'));
    await cluster.advance(10_000);
    await cluster.deploy({
      ...spec('b', 'blueGreen'),
      strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } },
    });
    await cluster.advance(5_000);
    expect((await cluster.release('2')).status?.phase).toBe('Paused');
    const [pod] = await podsOf('2');
    if (pod !== undefined) await mark(pod, container(state));
    await cluster.advance(3_000);
    expect((await cluster.release('2')).status?.phase).toBe('RolledBack');
    expect(await weightOf('2')).toBeUndefined();
  });
});
