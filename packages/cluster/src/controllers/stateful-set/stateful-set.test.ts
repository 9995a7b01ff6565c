/** Whole StatefulSets in virtual time, against the real API. */
import type { Pod, StatefulSet, StatefulSetSpec } from '@slipway/kube/api.generated';
import { controllerRevisions, persistentVolumeClaims, pods, statefulSets } from '@slipway/kube/resources';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createControlledCluster,
  listPods,
  type ControlledCluster,
  type ControlledClusterOptions,
} from '../../../testing/controlled-cluster.ts';

const running: ControlledCluster[] = [];

afterEach(async () => {
  for (const cluster of running.splice(0)) await cluster.stop();
});

const key = { namespace: 'default', name: 'db' };
const labels = { app: 'db' };

function templateOf(image: string) {
  return { metadata: { labels }, spec: { containers: [{ name: 'db', image }] } };
}

async function given(
  spec: Partial<StatefulSetSpec> = {},
  options: ControlledClusterOptions = {},
): Promise<ControlledCluster> {
  const cluster = await createControlledCluster(options);
  running.push(cluster);
  await cluster.client.create(statefulSets, {
    metadata: key,
    spec: { serviceName: 'db', replicas: 3, selector: { matchLabels: labels }, template: templateOf('db:1'), ...spec },
  });
  return cluster;
}

function getSet({ client }: ControlledCluster): Promise<StatefulSet> {
  return client.get(statefulSets, key);
}

function change({ client }: ControlledCluster, spec: object): Promise<StatefulSet> {
  return client.patch(statefulSets, key, { type: 'merge', body: { spec } });
}

/** `db-0 db:1`, by name; a star on those that are leaving. */
async function namesOf({ client }: ControlledCluster): Promise<readonly string[]> {
  const text = ({ metadata, spec }: Pod): string =>
    `${metadata.name ?? ''} ${spec?.containers[0]?.image ?? ''}${metadata.deletionTimestamp === undefined ? '' : '*'}`;
  return (await listPods(client)).map(text);
}

describe('a StatefulSet', () => {
  it('makes its pods in order, each after the one before is ready', async () => {
    const cluster = await given({}, { readyAfter: () => 1_000 });
    const counts: number[] = [];
    for (const milliseconds of [500, 1_000, 1_000]) {
      await cluster.advance(milliseconds);
      counts.push((await listPods(cluster.client)).length);
    }
    expect(counts).toEqual([1, 2, 3]);
    await cluster.advance(2_000);
    expect(await namesOf(cluster)).toEqual(['db-0 db:1', 'db-1 db:1', 'db-2 db:1']);
    const { status } = await getSet(cluster);
    expect(status).toMatchObject({
      replicas: 3,
      readyReplicas: 3,
      currentReplicas: 3,
      updatedReplicas: 3,
      availableReplicas: 3,
      currentRevision: status?.updateRevision,
    });
    const [pod] = await listPods(cluster.client);
    expect(pod?.spec).toMatchObject({ hostname: 'db-0', subdomain: 'db' });
    expect(pod?.metadata.labels).toEqual({
      app: 'db',
      'statefulset.kubernetes.io/pod-name': 'db-0',
      'apps.kubernetes.io/pod-index': '0',
      'controller-revision-hash': status?.updateRevision,
    });
  });

  it('makes them all at once where it need not keep an order', async () => {
    const cluster = await given({ podManagementPolicy: 'Parallel' }, { readyAfter: () => undefined });
    await cluster.advance(500);
    expect(await listPods(cluster.client)).toHaveLength(3);
    await change(cluster, { replicas: 0 });
    await cluster.advance(10);
    expect((await namesOf(cluster)).filter((name) => name.endsWith('*'))).toHaveLength(3);
  });

  it('begins where it is told', async () => {
    const cluster = await given({ ordinals: { start: 5 }, replicas: 2 });
    await cluster.advance(3_000);
    expect(await namesOf(cluster)).toEqual(['db-5 db:1', 'db-6 db:1']);
  });

  it('takes away the highest first, one after the other', async () => {
    const cluster = await given({}, { goneAfter: 1_000 });
    await cluster.advance(5_000);
    await change(cluster, { replicas: 1 });
    await cluster.advance(500);
    expect(await namesOf(cluster)).toEqual(['db-0 db:1', 'db-1 db:1', 'db-2 db:1*']);
    await cluster.advance(1_000);
    expect(await namesOf(cluster)).toEqual(['db-0 db:1', 'db-1 db:1*']);
    await cluster.advance(1_000);
    expect(await namesOf(cluster)).toEqual(['db-0 db:1']);
  });

  it('updates from the highest down, and never more than one at once', async () => {
    const cluster = await given();
    await cluster.advance(5_000);
    const before = (await getSet(cluster)).status?.currentRevision;
    await change(cluster, { template: templateOf('db:2') });
    for (let round = 0; round < 100; round++) {
      await cluster.advance(25);
      const ready = (await listPods(cluster.client)).filter(
        ({ metadata, status }) =>
          metadata.deletionTimestamp === undefined &&
          status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
      );
      expect(ready.length).toBeGreaterThanOrEqual(2);
    }
    expect(await namesOf(cluster)).toEqual(['db-0 db:2', 'db-1 db:2', 'db-2 db:2']);
    const { status } = await getSet(cluster);
    expect(status?.currentRevision).toBe(status?.updateRevision);
    expect(status?.currentRevision).not.toBe(before);
  });

  it('updates down to its partition, and makes those below it as they were', async () => {
    const cluster = await given({ updateStrategy: { rollingUpdate: { partition: 2 } } });
    await cluster.advance(5_000);
    await change(cluster, { template: templateOf('db:2') });
    await cluster.advance(5_000);
    await cluster.client.delete(pods, { namespace: 'default', name: 'db-0' });
    await cluster.advance(5_000);
    expect(await namesOf(cluster)).toEqual(['db-0 db:1', 'db-1 db:1', 'db-2 db:2']);
    const { status } = await getSet(cluster);
    expect(status).toMatchObject({ currentReplicas: 2, updatedReplicas: 1 });
    await change(cluster, { updateStrategy: { rollingUpdate: { partition: 0 } } });
    await cluster.advance(5_000);
    expect(await namesOf(cluster)).toEqual(['db-0 db:2', 'db-1 db:2', 'db-2 db:2']);
  });

  it('updates by deletion where it is told so', async () => {
    const cluster = await given({ updateStrategy: { type: 'OnDelete' } });
    await cluster.advance(5_000);
    await change(cluster, { template: templateOf('db:2') });
    await cluster.advance(5_000);
    await cluster.client.delete(pods, { namespace: 'default', name: 'db-1' });
    await cluster.advance(5_000);
    expect(await namesOf(cluster)).toEqual(['db-0 db:1', 'db-1 db:2', 'db-2 db:1']);
  });

  it('goes back to an earlier revision without a new one', async () => {
    const cluster = await given();
    await cluster.advance(5_000);
    for (const image of ['db:2', 'db:1']) {
      await change(cluster, { template: templateOf(image) });
      await cluster.advance(5_000);
    }
    const { items } = await cluster.client.list(controllerRevisions, { namespace: 'default' });
    expect(items.map(({ revision }) => revision).toSorted()).toEqual([2, 3]);
    expect(await namesOf(cluster)).toEqual(['db-0 db:1', 'db-1 db:1', 'db-2 db:1']);
  });

  it('keeps as many revisions as it is told', async () => {
    const cluster = await given({ revisionHistoryLimit: 1 });
    for (const image of ['db:2', 'db:3', 'db:4']) {
      await cluster.advance(5_000);
      await change(cluster, { template: templateOf(image) });
    }
    await cluster.advance(5_000);
    const { items } = await cluster.client.list(controllerRevisions, { namespace: 'default' });
    expect(items.map(({ revision }) => revision).toSorted()).toEqual([3, 4]);
  });

  it('makes a failed pod anew under its name', async () => {
    const ends = [{ after: 1_000, exitCode: 1 }];
    const cluster = await given({ replicas: 1 }, { endsBy: () => ends.shift() });
    await cluster.advance(10_000);
    const [pod, ...others] = await listPods(cluster.client);
    expect(others).toEqual([]);
    expect(pod).toMatchObject({ metadata: { name: 'db-0' }, status: { phase: 'Running' } });
  });

  it('keeps a claim for each of its pods, also when it shrinks, unless it says otherwise', async () => {
    const claim = {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce' as const], resources: { requests: { storage: '1Gi' } } },
    };
    const cluster = await given({ replicas: 2, volumeClaimTemplates: [claim] });
    const names = async (): Promise<readonly unknown[]> =>
      (await cluster.client.list(persistentVolumeClaims, { namespace: 'default' })).items.map(
        ({ metadata }) => metadata.name,
      );
    await cluster.advance(5_000);
    expect(await names()).toEqual(['data-db-0', 'data-db-1']);
    const [pod] = await listPods(cluster.client);
    expect(pod?.spec?.volumes?.[0]).toEqual({ name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } });
    await change(cluster, { replicas: 1 });
    await cluster.advance(5_000);
    expect(await names()).toEqual(['data-db-0', 'data-db-1']);
    await change(cluster, { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } });
    await cluster.advance(5_000);
    expect(await names()).toEqual(['data-db-0']);
  });

  it('adopts pods that are named as its own, and takes them with it', async () => {
    const cluster = await createControlledCluster();
    running.push(cluster);
    const { metadata, spec } = templateOf('db:0');
    await cluster.client.create(pods, { metadata: { ...metadata, name: 'db-0', namespace: 'default' }, spec });
    await cluster.client.create(pods, { metadata: { ...metadata, name: 'other', namespace: 'default' }, spec });
    await cluster.client.create(statefulSets, {
      metadata: key,
      spec: { serviceName: 'db', replicas: 1, selector: { matchLabels: labels }, template: templateOf('db:1') },
    });
    await cluster.advance(5_000);
    expect(await namesOf(cluster)).toEqual(['db-0 db:1', 'other db:0']);
    await cluster.client.delete(statefulSets, key);
    await cluster.advance(5_000);
    expect(await namesOf(cluster)).toEqual(['other db:0']);
  });

  it.each([1, 2, 3, 4, 5, 7, 9, 11, 14])(
    'comes to the same end where the controller is killed after write %i',
    async (crashAfterWrites) => {
      const cluster = await given({}, { crashAfterWrites });
      await cluster.advance(5_000);
      await change(cluster, { template: templateOf('db:2'), replicas: 2 });
      await cluster.advance(5_000);
      expect(await namesOf(cluster)).toEqual(['db-0 db:2', 'db-1 db:2']);
      expect((await getSet(cluster)).status).toMatchObject({ replicas: 2, updatedReplicas: 2, currentReplicas: 2 });
    },
  );
});
