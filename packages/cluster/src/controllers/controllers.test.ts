import type { Endpoint, Service } from '@slipway/kube/api.generated';
import {
  configMaps,
  deployments,
  endpoints,
  endpointSlices,
  events,
  namespaces,
  nodes,
  pods,
  replicaSets,
  serviceAccounts,
  services,
} from '@slipway/kube/resources';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createControlledCluster,
  getDeployment,
  listPods,
  replicaSetSizes,
  setImage,
  webDeployment,
  type ControlledCluster,
  type ControlledClusterOptions,
} from '../../testing/controlled-cluster.ts';

const running: ControlledCluster[] = [];

afterEach(async () => {
  for (const cluster of running.splice(0)) await cluster.stop();
});

async function given(options: ControlledClusterOptions = {}): Promise<ControlledCluster> {
  const cluster = await createControlledCluster(options);
  running.push(cluster);
  return cluster;
}

const webService: Service = {
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
};

async function endpointsOf(cluster: ControlledCluster): Promise<readonly Endpoint[]> {
  const { items } = await cluster.client.list(endpointSlices, {
    namespace: 'default',
    labelSelector: 'kubernetes.io/service-name=web',
  });
  return items.flatMap((slice) => slice.endpoints);
}

async function eventMessages(cluster: ControlledCluster, reason: string): Promise<readonly (string | undefined)[]> {
  const { items } = await cluster.client.list(events, { namespace: 'default' });
  return items.filter((event) => event.reason === reason).map(({ message }) => message);
}

interface Scenario {
  readonly name: string;
  when(cluster: ControlledCluster): Promise<void>;
  then(cluster: ControlledCluster): Promise<void>;
}

async function deployAndSettle(cluster: ControlledCluster): Promise<void> {
  await cluster.client.create(services, webService);
  await cluster.client.create(deployments, webDeployment());
  await cluster.advance(5_000);
}

const scenarios: readonly Scenario[] = [
  {
    name: 'a Deployment gets its pods and they serve',
    when: deployAndSettle,
    async then(cluster) {
      const { status, metadata } = await getDeployment(cluster.client);
      expect(status).toMatchObject({ observedGeneration: 1, replicas: 3, updatedReplicas: 3, availableReplicas: 3 });
      expect(status).not.toHaveProperty('unavailableReplicas');
      expect(metadata.annotations).toMatchObject({ 'deployment.kubernetes.io/revision': '1' });
      expect(await listPods(cluster.client)).toHaveLength(3);
      const ready = (await endpointsOf(cluster)).filter(({ conditions }) => conditions?.ready === true);
      expect(new Set(ready.map(({ addresses }) => addresses[0])).size).toBe(3);
    },
  },
  {
    name: 'a new image replaces all pods',
    async when(cluster) {
      await deployAndSettle(cluster);
      await setImage(cluster.client, 'web', 'web:2');
      await cluster.advance(10_000);
    },
    async then(cluster) {
      expect((await replicaSetSizes(cluster.client)).toSorted()).toEqual([0, 3]);
      const all = await listPods(cluster.client);
      expect(all.map(({ spec }) => spec?.containers[0]?.image)).toEqual(['web:2', 'web:2', 'web:2']);
      expect((await getDeployment(cluster.client)).metadata.annotations).toMatchObject({
        'deployment.kubernetes.io/revision': '2',
      });
      expect(await endpointsOf(cluster)).toHaveLength(3);
    },
  },
  {
    name: 'Recreate leaves no moment with two versions',
    async when(cluster) {
      await cluster.client.create(deployments, webDeployment({ strategy: { type: 'Recreate' } }));
      await cluster.advance(5_000);
      await setImage(cluster.client, 'web', 'web:2');
      for (let round = 0; round < 100; round++) {
        await cluster.advance(50);
        const images = (await listPods(cluster.client)).map(({ spec }) => spec?.containers[0]?.image);
        expect(new Set(images).size).toBeLessThanOrEqual(1);
      }
    },
    async then(cluster) {
      const images = (await listPods(cluster.client)).map(({ spec }) => spec?.containers[0]?.image);
      expect(images).toEqual(['web:2', 'web:2', 'web:2']);
    },
  },
  {
    name: 'scaling follows at once',
    async when(cluster) {
      await deployAndSettle(cluster);
      for (const replicas of [5, 2]) {
        const body = { spec: { replicas } };
        await cluster.client.patch(deployments, { namespace: 'default', name: 'web' }, { type: 'merge', body });
        await cluster.advance(2_000);
      }
    },
    async then(cluster) {
      expect(await listPods(cluster.client)).toHaveLength(2);
      expect((await getDeployment(cluster.client)).status).toMatchObject({ replicas: 2, availableReplicas: 2 });
      expect(await endpointsOf(cluster)).toHaveLength(2);
    },
  },
  {
    name: 'a deleted pod is replaced',
    async when(cluster) {
      await deployAndSettle(cluster);
      const [victim] = await listPods(cluster.client);
      await cluster.client.delete(pods, { namespace: 'default', name: victim?.metadata.name ?? '' });
      await cluster.advance(3_000);
    },
    async then(cluster) {
      expect(await listPods(cluster.client)).toHaveLength(3);
      expect((await getDeployment(cluster.client)).status?.availableReplicas).toBe(3);
    },
  },
  {
    name: 'deleting a Deployment in the background takes everything with it',
    async when(cluster) {
      await deployAndSettle(cluster);
      await cluster.client.delete(deployments, { namespace: 'default', name: 'web' });
      await cluster.advance(3_000);
    },
    async then(cluster) {
      expect(await listPods(cluster.client)).toEqual([]);
      expect(await replicaSetSizes(cluster.client)).toEqual([]);
    },
  },
  {
    name: 'deleting a Deployment in the foreground ends with the Deployment',
    async when(cluster) {
      await deployAndSettle(cluster);
      const key = { namespace: 'default', name: 'web' };
      await cluster.client.delete(deployments, key, { propagationPolicy: 'Foreground' });
      expect((await getDeployment(cluster.client)).metadata.finalizers).toEqual(['foregroundDeletion']);
      await cluster.advance(5_000);
    },
    async then(cluster) {
      expect((await cluster.client.list(deployments)).items).toEqual([]);
      expect(await replicaSetSizes(cluster.client)).toEqual([]);
      expect(await listPods(cluster.client)).toEqual([]);
    },
  },
  {
    name: 'deleting a Deployment with orphans leaves the pods, and the next one of that kind takes them',
    async when(cluster) {
      await deployAndSettle(cluster);
      const key = { namespace: 'default', name: 'web' };
      const before = (await listPods(cluster.client)).map(({ metadata }) => metadata.name).toSorted();
      await cluster.client.delete(deployments, key, { propagationPolicy: 'Orphan' });
      await cluster.advance(3_000);
      expect((await cluster.client.list(deployments)).items).toEqual([]);
      await cluster.client.create(deployments, webDeployment());
      await cluster.advance(3_000);
      expect((await listPods(cluster.client)).map(({ metadata }) => metadata.name).toSorted()).toEqual(before);
    },
    async then(cluster) {
      expect(await replicaSetSizes(cluster.client)).toEqual([3]);
    },
  },
  {
    name: 'a namespace is emptied and goes',
    async when(cluster) {
      await cluster.client.create(namespaces, { metadata: { name: 'shop' } });
      await cluster.advance(1_000);
      const deployment = webDeployment();
      await cluster.client.create(deployments, { ...deployment, metadata: { name: 'web', namespace: 'shop' } });
      await cluster.client.create(services, { ...webService, metadata: { name: 'web', namespace: 'shop' } });
      await cluster.advance(2_000);
      await cluster.client.delete(namespaces, { name: 'shop' });
      await cluster.advance(10_000);
    },
    async then(cluster) {
      const { items } = await cluster.client.list(namespaces);
      expect(items.map(({ metadata }) => metadata.name)).not.toContain('shop');
      for (const type of [pods, deployments, replicaSets, endpoints, configMaps, serviceAccounts]) {
        const left = await cluster.client.list(type);
        expect(left.items.filter(({ metadata }) => metadata.namespace === 'shop')).toEqual([]);
      }
    },
  },
];

describe('the controllers', () => {
  it.each(scenarios)('$name', async ({ when, then }) => {
    const cluster = await given();
    await when(cluster);
    await then(cluster);
  });

  // What a test counts as one scenario is run once for each write that the controllers make in it.
  it.each(scenarios)('$name, whichever of their writes is their last before a crash', async ({ when, then }) => {
    const whole = await given();
    const startUp = whole.writes;
    await when(whole);
    const writes = whole.writes;
    for (let crashAfterWrites = startUp + 1; crashAfterWrites <= writes; crashAfterWrites++) {
      const cluster = await createControlledCluster({ crashAfterWrites });
      await when(cluster);
      await cluster.advance(2_000);
      expect(cluster.crashes).toBe(1);
      await then(cluster);
      await cluster.stop();
    }
  });
});

describe('a Service', () => {
  it('loses the endpoint of a pod that is leaving at once, in the same slice', async () => {
    const cluster = await given({ goneAfter: 5_000 });
    await deployAndSettle(cluster);
    const [victim] = await listPods(cluster.client);
    await cluster.client.delete(pods, { namespace: 'default', name: victim?.metadata.name ?? '' });
    await cluster.advance(0);
    const all = await endpointsOf(cluster);
    const leaving = all.find(({ targetRef }) => targetRef?.uid === victim?.metadata.uid);
    expect(leaving?.conditions).toEqual({ ready: false, serving: true, terminating: true });
    const mirror = await cluster.client.get(endpoints, { namespace: 'default', name: 'web' });
    expect(mirror.subsets?.[0]?.addresses).toHaveLength(2);
  });

  it('of type LoadBalancer is told at once the address at which it is reached', async () => {
    const cluster = await given();
    await cluster.client.create(services, { ...webService, spec: { ...webService.spec, type: 'LoadBalancer' } });
    await cluster.advance(10);
    const { spec, status } = await cluster.client.get(services, { namespace: 'default', name: 'web' });
    expect(status?.loadBalancer?.ingress).toEqual([{ ip: spec?.clusterIP, ipMode: 'VIP' }]);
  });

  it('without a selector keeps the endpoints that somebody else wrote', async () => {
    const cluster = await given();
    await cluster.client.create(services, { ...webService, spec: { ports: [{ port: 80 }] } });
    const subsets = [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 80, protocol: 'TCP' as const }] }];
    await cluster.client.create(endpoints, { metadata: { name: 'web', namespace: 'default' }, subsets });
    await cluster.advance(1_000);
    expect((await cluster.client.get(endpoints, { namespace: 'default', name: 'web' })).subsets).toEqual(subsets);
  });

  it('takes its Endpoints and slices with it', async () => {
    const cluster = await given();
    await deployAndSettle(cluster);
    await cluster.client.delete(services, { namespace: 'default', name: 'web' });
    await cluster.advance(1_000);
    expect(await endpointsOf(cluster)).toEqual([]);
    const { items } = await cluster.client.list(endpoints, { namespace: 'default' });
    expect(items.map(({ metadata }) => metadata.name)).not.toContain('web');
  });
});

describe('a rollout', () => {
  it('tells its story in events', async () => {
    const cluster = await given();
    await cluster.client.create(deployments, webDeployment({ replicas: 1 }));
    await cluster.advance(2_000);
    const [first = ''] = (await cluster.client.list(replicaSets)).items.map(({ metadata }) => metadata.name);
    await setImage(cluster.client, 'web', 'web:2');
    await cluster.advance(2_000);
    const names = (await cluster.client.list(replicaSets)).items.map(({ metadata }) => metadata.name);
    const second = names.find((name) => name !== first) ?? '';
    expect(await eventMessages(cluster, 'ScalingReplicaSet')).toEqual(
      expect.arrayContaining([
        `Scaled up replica set ${first} from 0 to 1`,
        `Scaled up replica set ${second} from 0 to 1`,
        `Scaled down replica set ${first} from 1 to 0`,
      ]),
    );
    expect(await eventMessages(cluster, 'SuccessfulCreate')).toHaveLength(2);
    expect(await eventMessages(cluster, 'SuccessfulDelete')).toHaveLength(1);
  });

  it('of a version that never becomes ready exceeds its deadline and keeps the old one', async () => {
    const cluster = await given({
      readyAfter: ({ spec }) => (spec?.containers[0]?.image === 'web:broken' ? undefined : 100),
    });
    await cluster.client.create(deployments, webDeployment());
    await cluster.advance(2_000);
    await setImage(cluster.client, 'web', 'web:broken');
    await cluster.advance(605_000);
    const { status } = await getDeployment(cluster.client);
    expect(status).toMatchObject({ replicas: 4, updatedReplicas: 1, availableReplicas: 3, unavailableReplicas: 1 });
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }),
    );
    expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'Available', status: 'True' }));
    await setImage(cluster.client, 'web', 'web:1');
    await cluster.advance(2_000);
    expect((await getDeployment(cluster.client)).status).toMatchObject({ replicas: 3, availableReplicas: 3 });
    expect((await getDeployment(cluster.client)).metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
    });
  });

  it('waits for minReadySeconds', async () => {
    const cluster = await given();
    await cluster.client.create(deployments, webDeployment({ minReadySeconds: 30 }));
    await cluster.advance(20_000);
    expect((await getDeployment(cluster.client)).status).toMatchObject({ readyReplicas: 3, unavailableReplicas: 3 });
    await cluster.advance(15_000);
    expect((await getDeployment(cluster.client)).status?.availableReplicas).toBe(3);
  });

  it('that is paused changes no pods until it is resumed', async () => {
    const cluster = await given();
    await cluster.client.create(deployments, webDeployment());
    await cluster.advance(2_000);
    const pause = (paused: boolean): Promise<unknown> =>
      cluster.client.patch(
        deployments,
        { namespace: 'default', name: 'web' },
        { type: 'merge', body: { spec: { paused } } },
      );
    await pause(true);
    await setImage(cluster.client, 'web', 'web:2');
    await cluster.advance(5_000);
    expect(await replicaSetSizes(cluster.client)).toEqual([3]);
    await pause(false);
    await cluster.advance(5_000);
    expect((await replicaSetSizes(cluster.client)).toSorted()).toEqual([0, 3]);
  });

  it('goes by another name when the hash is taken by somebody else', async () => {
    const cluster = await given();
    await cluster.client.create(deployments, webDeployment());
    await cluster.advance(2_000);
    const [taken] = (await cluster.client.list(replicaSets)).items;
    const key = { namespace: 'default', name: 'web' };
    await cluster.client.delete(deployments, key, { propagationPolicy: 'Orphan' });
    await cluster.advance(1_000);
    const foreign = { metadata: { labels: { app: 'foreign' }, ownerReferences: null } };
    await cluster.client.patch(
      replicaSets,
      { namespace: 'default', name: taken?.metadata.name ?? '' },
      { type: 'merge', body: foreign },
    );
    await cluster.client.create(deployments, webDeployment());
    await cluster.advance(5_000);
    const { status } = await getDeployment(cluster.client);
    expect(status).toMatchObject({ collisionCount: 1, availableReplicas: 3 });
  });
});

describe('a namespace', () => {
  it('has a ServiceAccount and the certificate of the API server, which come back when they are deleted', async () => {
    const cluster = await given();
    await cluster.client.create(namespaces, { metadata: { name: 'shop' } });
    await cluster.advance(100);
    const certificate = { namespace: 'shop', name: 'kube-root-ca.crt' };
    const account = { namespace: 'shop', name: 'default' };
    expect((await cluster.client.get(configMaps, certificate)).data).toEqual({ 'ca.crt': 'authority' });
    await cluster.client.delete(configMaps, certificate);
    await cluster.client.delete(serviceAccounts, account);
    await cluster.advance(100);
    expect((await cluster.client.get(configMaps, certificate)).data).toEqual({ 'ca.crt': 'authority' });
    expect((await cluster.client.get(serviceAccounts, account)).metadata.name).toBe('default');
  });
});

describe('garbage', () => {
  it('is collected when the owner never existed', async () => {
    const cluster = await given();
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: 'no-such-uid' }];
    await cluster.client.create(configMaps, { metadata: { name: 'owned', namespace: 'default', ownerReferences } });
    await cluster.advance(1_000);
    const { items } = await cluster.client.list(configMaps, { namespace: 'default' });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['kube-root-ca.crt']);
  });

  it('is not what has another owner left', async () => {
    const cluster = await given();
    const owners = await Promise.all(
      ['a', 'b'].map((name) => cluster.client.create(configMaps, { metadata: { name, namespace: 'default' } })),
    );
    const ownerReferences = owners.map(({ metadata }) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: metadata.name ?? '',
      uid: metadata.uid ?? '',
    }));
    await cluster.client.create(configMaps, { metadata: { name: 'owned', namespace: 'default', ownerReferences } });
    await cluster.client.delete(configMaps, { namespace: 'default', name: 'a' });
    await cluster.advance(1_000);
    const owned = await cluster.client.get(configMaps, { namespace: 'default', name: 'owned' });
    expect(owned.metadata.ownerReferences?.map(({ name }) => name)).toEqual(['b']);
  });
});

describe('pods of a node that is gone', () => {
  it('are removed after a while and replaced', async () => {
    const cluster = await given();
    await deployAndSettle(cluster);
    const before = (await listPods(cluster.client)).map(({ metadata }) => metadata.uid);
    await cluster.client.delete(nodes, { name: 'node-a' });
    await cluster.advance(30_000);
    expect((await listPods(cluster.client)).map(({ metadata }) => metadata.uid)).toEqual(before);
    await cluster.client.create(nodes, { metadata: { name: 'node-b' } });
    await cluster.advance(11_000);
    const after = (await listPods(cluster.client)).map(({ metadata }) => metadata.uid);
    expect(after.filter((uid) => before.includes(uid))).toEqual([]);
  });
});
