/** Whole Jobs in virtual time, against the real API: whatever order pods end in, and wherever the controller is killed, all are counted once. */
import type { Job, JobSpec, Pod } from '@slipway/kube/api.generated';
import { findCondition } from '@slipway/kube/conditions';
import { jobs, pods } from '@slipway/kube/resources';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createControlledCluster, listPods, type ControlledCluster } from '../../../testing/controlled-cluster.ts';
import type { PodEnd } from '../../../testing/pod-simulator.ts';
import { isJobFinished } from './job-outcome.ts';
import { isTracked } from './job-pods.ts';

const running: ControlledCluster[] = [];

afterEach(async () => {
  for (const cluster of running.splice(0)) await cluster.stop();
});

interface Given {
  readonly spec: Partial<JobSpec>;
  /** How the pods end, in the order in which they become ready; those beyond run on. */
  readonly ends: readonly PodEnd[];
  readonly crashAfterWrites?: number | undefined;
}

async function given({ spec, ends, crashAfterWrites }: Given): Promise<ControlledCluster> {
  const waiting = [...ends];
  const cluster = await createControlledCluster({ endsBy: () => waiting.shift(), crashAfterWrites });
  running.push(cluster);
  await cluster.client.create(jobs, workJob(spec));
  return cluster;
}

function workJob(spec: Partial<JobSpec>): Job {
  return {
    metadata: { name: 'work', namespace: 'default' },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'node:24' }] } }, ...spec },
  };
}

function getJob({ client }: ControlledCluster): Promise<Job> {
  return client.get(jobs, { namespace: 'default', name: 'work' });
}

function reasonOf({ status }: Job, type: string): string | undefined {
  return findCondition(status?.conditions, type)?.reason;
}

function countPhase(all: readonly Pod[], phase: string): number {
  return all.filter(({ status }) => status?.phase === phase).length;
}

const well = (after: number): PodEnd => ({ after, exitCode: 0 });
const badly = (after: number): PodEnd => ({ after, exitCode: 1 });

describe('a Job', () => {
  it('runs to its completions', async () => {
    const cluster = await given({
      spec: { completions: 5, parallelism: 2 },
      ends: Array.from({ length: 5 }, () => well(1_000)),
    });
    await cluster.advance(20_000);
    const { status, spec, metadata } = await getJob(cluster);
    expect(status).toMatchObject({ succeeded: 5, ready: 0, terminating: 0, uncountedTerminatedPods: {} });
    expect(status).not.toHaveProperty('active');
    expect(findCondition(status?.conditions, 'Complete')?.status).toBe('True');
    expect(spec?.selector?.matchLabels).toEqual({ 'batch.kubernetes.io/controller-uid': metadata.uid });
    expect((await listPods(cluster.client)).filter(isTracked)).toEqual([]);
  });

  it('waits longer after each failure, and gives up at its limit', async () => {
    const cluster = await given({ spec: { backoffLimit: 2 }, ends: [badly(0), badly(0), badly(0)] });
    const counts: number[] = [];
    for (const wait of [1_000, 10_000, 20_000, 1_000]) {
      await cluster.advance(wait);
      counts.push((await listPods(cluster.client)).length);
    }
    expect(counts).toEqual([1, 2, 3, 3]);
    const job = await getJob(cluster);
    expect(job.status?.failed).toBe(3);
    expect(reasonOf(job, 'Failed')).toBe('BackoffLimitExceeded');
  });

  it('ends what runs at its deadline', async () => {
    const cluster = await given({ spec: { activeDeadlineSeconds: 30 }, ends: [] });
    await cluster.advance(25_000);
    expect((await getJob(cluster)).status?.active).toBe(1);
    await cluster.advance(10_000);
    const job = await getJob(cluster);
    expect(reasonOf(job, 'Failed')).toBe('DeadlineExceeded');
    expect(job.status?.failed).toBe(1);
    expect(await listPods(cluster.client)).toEqual([]);
  });

  it('stands still while it is suspended, and starts anew', async () => {
    const cluster = await given({ spec: { suspend: true }, ends: [] });
    await cluster.advance(5_000);
    expect(await listPods(cluster.client)).toEqual([]);
    const suspend = (value: boolean): Promise<Job> =>
      cluster.client.patch(
        jobs,
        { namespace: 'default', name: 'work' },
        { type: 'merge', body: { spec: { suspend: value } } },
      );
    await suspend(false);
    await cluster.advance(1_000);
    expect(await listPods(cluster.client)).toHaveLength(1);
    await suspend(true);
    await cluster.advance(1_000);
    expect(await listPods(cluster.client)).toEqual([]);
    const { status } = await getJob(cluster);
    expect(status).not.toHaveProperty('failed');
    expect(findCondition(status?.conditions, 'Suspended')).toMatchObject({ status: 'True', reason: 'JobSuspended' });
  });

  it('is deleted some time after its end, with its pods', async () => {
    const cluster = await given({ spec: { ttlSecondsAfterFinished: 60 }, ends: [well(0)] });
    await cluster.advance(30_000);
    expect((await cluster.client.list(jobs)).items).toHaveLength(1);
    await cluster.advance(40_000);
    expect((await cluster.client.list(jobs)).items).toEqual([]);
    expect(await listPods(cluster.client)).toEqual([]);
  });

  it.each(['Background', 'Foreground'] as const)(
    'goes with its running pods when it is deleted: %s',
    async (propagationPolicy) => {
      const cluster = await given({ spec: { parallelism: 3 }, ends: [] });
      await cluster.advance(5_000);
      await cluster.client.delete(jobs, { namespace: 'default', name: 'work' }, { propagationPolicy });
      await cluster.advance(10_000);
      expect((await cluster.client.list(jobs)).items).toEqual([]);
      expect(await listPods(cluster.client)).toEqual([]);
    },
  );

  it('leaves its pods to themselves when a delete does not say what becomes of them', async () => {
    const cluster = await given({ spec: {}, ends: [] });
    await cluster.advance(5_000);
    await cluster.client.delete(jobs, { namespace: 'default', name: 'work' });
    await cluster.advance(5_000);
    const [pod] = await listPods(cluster.client);
    expect(pod?.metadata.ownerReferences ?? []).toEqual([]);
    expect(pod?.metadata.finalizers ?? []).toEqual([]);
  });

  it('counts each pod once, whatever order they end in and wherever the controller is killed', async () => {
    const end = fc.record({ after: fc.integer({ min: 0, max: 3_000 }), exitCode: fc.constantFrom(0, 0, 0, 0, 1) });
    const history = fc.record({
      parallelism: fc.integer({ min: 1, max: 4 }),
      completions: fc.integer({ min: 1, max: 6 }),
      mode: fc.constantFrom('Indexed' as const, 'NonIndexed' as const),
      ends: fc.array(end, { minLength: 14, maxLength: 14 }),
      crashAfterWrites: fc.integer({ min: 1, max: 60 }),
      lost: fc.array(fc.nat({ max: 5_000 }), { maxLength: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(history, async ({ parallelism, completions, mode, ends, crashAfterWrites, lost }) => {
        const spec = { parallelism, completions, completionMode: mode, backoffLimit: 20 };
        const cluster = await given({
          spec,
          ends: [...ends, ...Array.from({ length: 10 }, () => well(0))],
          crashAfterWrites,
        });
        for (const at of lost.toSorted((a, b) => a - b)) await losePod(cluster, at);
        await untilFinished(cluster);
        const { status } = await getJob(cluster);
        const all = await listPods(cluster.client);
        expect(findCondition(status?.conditions, 'Complete')?.status).toBe('True');
        expect(all.filter(isTracked)).toEqual([]);
        expect(status?.uncountedTerminatedPods).toEqual({});
        expect(status?.succeeded).toBe(completions);
        expect(countPhase(all, 'Succeeded')).toBe(completions);
        // Lost pods are gone, and were counted before they went; one that ended well first is a success.
        const failed = status?.failed ?? 0;
        expect(failed).toBeGreaterThanOrEqual(countPhase(all, 'Failed'));
        expect(failed).toBeLessThanOrEqual(countPhase(all, 'Failed') + lost.length);
        await cluster.stop();
        running.length = 0;
      }),
      { numRuns: 30 },
    );
  });
});

/** Or for an hour: a Job that hangs shows in what is asserted. */
async function untilFinished(cluster: ControlledCluster): Promise<void> {
  for (let waited = 0; waited < 3_600; waited += 20) {
    if (isJobFinished(await getJob(cluster))) break;
    await cluster.advance(20_000);
  }
  await cluster.advance(2_000);
}

/** Somebody deletes a running pod. */
async function losePod(cluster: ControlledCluster, at: number): Promise<void> {
  await cluster.advance(at);
  const victim = (await listPods(cluster.client)).find(
    ({ status, metadata }) => status?.phase === 'Running' && metadata.deletionTimestamp === undefined,
  );
  if (victim === undefined) return;
  await cluster.client.delete(pods, { namespace: 'default', name: victim.metadata.name ?? '' });
}
