/** Evictions against the real API and the real controllers, in virtual time. */
import type { Eviction, Pod, PodDisruptionBudget } from '@slipway/kube/api.generated';
import type { ResourceType } from '@slipway/kube/object';
import { deployments, podDisruptionBudgets, pods } from '@slipway/kube/resources';
import { StatusError } from '@slipway/kube/status-error';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createControlledCluster,
  listPods,
  webDeployment,
  type ControlledCluster,
} from '../../../testing/controlled-cluster.ts';
import { createMemoryCluster, type MemoryCluster } from '../../../testing/memory-cluster.ts';

const evictions: ResourceType<Eviction> = { ...pods, group: '', kind: 'Eviction' };
const running: ControlledCluster[] = [];

afterEach(async () => {
  for (const cluster of running.splice(0)) await cluster.stop();
});

type Spec = NonNullable<PodDisruptionBudget['spec']>;

/** Three pods of a Deployment with a budget; `ready` of them are. */
async function given(spec: Spec | undefined, ready = 3): Promise<ControlledCluster> {
  let count = 0;
  const cluster = await createControlledCluster({
    readyAfter: () => ((count += 1) <= ready ? 100 : undefined),
    goneAfter: 5_000,
  });
  running.push(cluster);
  await cluster.client.create(deployments, webDeployment());
  if (spec !== undefined) await cluster.client.create(podDisruptionBudgets, budget(spec));
  await cluster.advance(3_000);
  return cluster;
}

function budget(spec: Spec, name = 'web'): PodDisruptionBudget {
  return { metadata: { name, namespace: 'default' }, spec: { selector: { matchLabels: { app: 'web' } }, ...spec } };
}

interface Asked {
  readonly deleteOptions?: NonNullable<Eviction['deleteOptions']>;
  readonly dryRun?: boolean;
}

function evict(
  { client }: MemoryCluster,
  pod: Pod | undefined,
  { deleteOptions, dryRun }: Asked = {},
): Promise<unknown> {
  const { name, namespace } = pod?.metadata ?? {};
  const eviction: Eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
    deleteOptions,
  };
  return client.create({ ...evictions, group: '' }, eviction, { subresource: 'eviction', dryRun });
}

async function failureOf(attempt: Promise<unknown>): Promise<StatusError | undefined> {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
}

async function staying(cluster: ControlledCluster): Promise<readonly Pod[]> {
  return (await listPods(cluster.client)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

async function statusOf({ client }: ControlledCluster): Promise<PodDisruptionBudget['status']> {
  return (await client.get(podDisruptionBudgets, { namespace: 'default', name: 'web' })).status;
}

describe('pods/eviction', () => {
  it('deletes a pod that no budget protects, and says why it goes', async () => {
    const cluster = await given(undefined);
    const [pod] = await staying(cluster);
    await evict(cluster, pod);
    const after = await cluster.client.get(pods, { namespace: 'default', name: pod?.metadata.name ?? '' });
    expect(after.metadata.deletionTimestamp).toBeDefined();
    expect(after.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }),
    );
  });

  it('goes as far as the budget allows and no further, two at once included', async () => {
    const cluster = await given({ minAvailable: 2 });
    const [first, second] = await staying(cluster);
    const failures = await Promise.all([failureOf(evict(cluster, first)), failureOf(evict(cluster, second))]);
    const refused = failures.find((each) => each !== undefined);
    expect(failures.filter((each) => each === undefined)).toHaveLength(1);
    expect(refused).toMatchObject({
      code: 429,
      reason: 'TooManyRequests',
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
    });
    expect(refused?.details?.causes?.map(({ reason }) => reason)).toEqual(['DisruptionBudget']);
    expect(refused?.details?.causes?.[0]?.message).toMatch(
      /^The disruption budget web needs 2 healthy pods and has [23] currently$/,
    );
    expect(await statusOf(cluster)).toMatchObject({ disruptionsAllowed: 0 });
  });

  it('allows the next one when the one before has been replaced', async () => {
    let readyPods = 0;
    const cluster = await given({ maxUnavailable: 1 }, 10);
    for (let round = 0; round < 3; round += 1) {
      const [victim] = await staying(cluster);
      expect(await failureOf(evict(cluster, victim))).toBeUndefined();
      await cluster.advance(8_000);
      readyPods += (await staying(cluster)).length;
    }
    expect(readyPods).toBe(9);
  });

  it('asks to come back while nobody has looked at the budget yet', async () => {
    const cluster = await createMemoryCluster();
    const key = { namespace: 'default', name: 'web' };
    const spec = { containers: [{ name: 'web', image: 'web:1' }] };
    await cluster.client.create(pods, { metadata: { ...key, labels: { app: 'web' } }, spec });
    const body = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };
    const pod = await cluster.client.patch(pods, key, { type: 'strategic', body }, { subresource: 'status' });
    await cluster.client.create(podDisruptionBudgets, budget({ minAvailable: 0 }));
    const failure = await failureOf(evict(cluster, pod));
    expect(failure).toMatchObject({ code: 429, details: { retryAfterSeconds: 10 } });
    expect(failure?.details?.causes).toEqual([
      {
        reason: 'DisruptionBudget',
        message: 'The disruption budget web is still being processed by the server.',
      },
    ]);
    await cluster.close();
  });

  it('changes nothing in a dry run', async () => {
    const cluster = await given({ minAvailable: 2 });
    const before = await statusOf(cluster);
    const [pod] = await staying(cluster);
    await evict(cluster, pod, { dryRun: true });
    await evict(cluster, pod, { deleteOptions: { dryRun: ['All'] } });
    expect(await statusOf(cluster)).toEqual(before);
    expect(await staying(cluster)).toHaveLength(3);
  });

  it('of which nobody knows whether it is only tried is refused', async () => {
    const cluster = await given(undefined);
    const pods = await listPods(cluster.client);
    await expect(evict(cluster, pods[0], { deleteOptions: { dryRun: ['Some'] } })).rejects.toMatchObject({
      reason: 'Invalid',
      message:
        'DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: []string{"Some"}: supported values: "All"',
    });
    expect(await listPods(cluster.client)).toEqual(pods);
  });

  it('keeps to preconditions before it takes from the budget', async () => {
    const cluster = await given({ minAvailable: 2 });
    const [pod] = await staying(cluster);
    const failure = await failureOf(evict(cluster, pod, { deleteOptions: { preconditions: { uid: 'another' } } }));
    expect(failure?.reason).toBe('Conflict');
    expect(await statusOf(cluster)).toMatchObject({ disruptionsAllowed: 1 });
    const { resourceVersion } = pod?.metadata ?? {};
    expect(
      await failureOf(evict(cluster, pod, { deleteOptions: { preconditions: { resourceVersion } } })),
    ).toBeUndefined();
  });

  it.each([
    { policy: undefined, ready: 2, evicted: true },
    { policy: undefined, ready: 1, evicted: false },
    { policy: 'IfHealthyBudget' as const, ready: 1, evicted: false },
    { policy: 'AlwaysAllow' as const, ready: 1, evicted: true },
  ])('a pod that is not ready, beside $ready that are, under $policy', async ({ policy, ready, evicted }) => {
    const cluster = await given({ minAvailable: 2, unhealthyPodEvictionPolicy: policy }, ready);
    const all = await listPods(cluster.client);
    for (const { metadata, status } of all.filter((each) => each.status?.phase === 'Pending')) {
      expect(status?.phase).toBe('Pending');
      const body = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] } };
      const key = { namespace: 'default', name: metadata.name ?? '' };
      await cluster.client.patch(pods, key, { type: 'strategic', body }, { subresource: 'status' });
    }
    const unready = all.find(({ status }) => status?.phase === 'Pending');
    expect((await failureOf(evict(cluster, unready))) === undefined).toBe(evicted);
  });

  it('keeps the budget of a pod of which nobody knows whether it runs', async () => {
    const cluster = await given({ minAvailable: 3 });
    const [pod] = await staying(cluster);
    const key = { namespace: 'default', name: pod?.metadata.name ?? '' };
    const body = { status: { phase: 'Unknown' } };
    await cluster.client.patch(pods, key, { type: 'strategic', body }, { subresource: 'status' });
    expect(await failureOf(evict(cluster, pod))).toMatchObject({ reason: 'TooManyRequests' });
  });

  it('refuses where two budgets protect one pod', async () => {
    const cluster = await given({ minAvailable: 1 });
    await cluster.client.create(podDisruptionBudgets, budget({ minAvailable: 1 }, 'also'));
    const [pod] = await staying(cluster);
    const failure = await failureOf(evict(cluster, pod));
    expect(failure).toMatchObject({
      code: 500,
      message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    });
  });

  it('does not take a budget that says two things', async () => {
    const cluster = await given(undefined);
    const failure = await failureOf(
      cluster.client.create(podDisruptionBudgets, budget({ minAvailable: 1, maxUnavailable: 1 })),
    );
    expect(failure?.message).toContain('minAvailable and maxUnavailable cannot be both set');
  });
});
