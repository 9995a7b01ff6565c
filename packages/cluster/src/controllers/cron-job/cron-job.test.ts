/** Whole CronJobs in virtual time, against the real API and the controller of Jobs. Time begins at midnight of 2026-01-01. */
import type { CronJob, CronJobSpec, Job } from '@slipway/kube/api.generated';
import { cronJobs, events, jobs } from '@slipway/kube/resources';
import { afterEach, describe, expect, it } from 'vitest';
import { createControlledCluster, type ControlledCluster } from '../../../testing/controlled-cluster.ts';
import type { PodEnd } from '../../../testing/pod-simulator.ts';

const running: ControlledCluster[] = [];

afterEach(async () => {
  for (const cluster of running.splice(0)) await cluster.stop();
});

const minute = 60_000;
const key = { namespace: 'default', name: 'tidy' };

interface Given {
  readonly spec?: Partial<CronJobSpec>;
  readonly end?: PodEnd | undefined;
  readonly crashAfterWrites?: number;
}

async function given({ spec = {}, end, crashAfterWrites }: Given): Promise<ControlledCluster> {
  const cluster = await createControlledCluster({ endsBy: () => end, crashAfterWrites });
  running.push(cluster);
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'node:24' }] } } as const;
  const jobTemplate = { metadata: { labels: { of: 'tidy' } }, spec: { template, backoffLimit: 0 } };
  await cluster.client.create(cronJobs, { metadata: key, spec: { schedule: '* * * * *', jobTemplate, ...spec } });
  return cluster;
}

function getCronJob({ client }: ControlledCluster): Promise<CronJob> {
  return client.get(cronJobs, key);
}

async function listJobs({ client }: ControlledCluster): Promise<readonly Job[]> {
  return (await client.list(jobs, { namespace: 'default' })).items;
}

/** The minutes after midnight for which there are Jobs. */
async function minutesOf(cluster: ControlledCluster): Promise<readonly number[]> {
  const start = Date.UTC(2026, 0, 1) / minute;
  return (await listJobs(cluster)).map(({ metadata }) => Number(metadata.name?.slice('tidy-'.length)) - start);
}

async function reasonsOf({ client }: ControlledCluster): Promise<readonly (string | undefined)[]> {
  const { items } = await client.list(events, { namespace: 'default', fieldSelector: 'involvedObject.kind=CronJob' });
  return items.map(({ reason }) => reason);
}

const well: PodEnd = { after: 5_000, exitCode: 0 };

describe('a CronJob', () => {
  it('makes a Job at each moment of its schedule, and keeps the latest', async () => {
    const cluster = await given({ end: well });
    await cluster.advance(5 * minute + 30_000);
    expect(await minutesOf(cluster)).toEqual([3, 4, 5]);
    const { status, metadata } = await getCronJob(cluster);
    expect(status).toEqual({
      lastScheduleTime: '2026-01-01T00:05:00Z',
      lastSuccessfulTime: expect.stringMatching(/^2026-01-01T00:05:0\dZ$/),
    });
    const [job] = await listJobs(cluster);
    expect(job?.metadata).toMatchObject({
      labels: { of: 'tidy' },
      annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T00:03:00Z' },
      ownerReferences: [{ kind: 'CronJob', uid: metadata.uid, controller: true }],
    });
    expect(await reasonsOf(cluster)).toEqual(expect.arrayContaining(['SuccessfulCreate', 'SawCompletedJob']));
  });

  it('keeps one that failed', async () => {
    const cluster = await given({ end: { after: 1_000, exitCode: 1 } });
    await cluster.advance(3 * minute + 30_000);
    expect(await minutesOf(cluster)).toEqual([3]);
    expect((await getCronJob(cluster)).status).not.toHaveProperty('lastSuccessfulTime');
  });

  it.each([
    { policy: 'Allow' as const, minutes: [1, 2, 3], reason: 'SuccessfulCreate' },
    { policy: 'Forbid' as const, minutes: [1], reason: 'JobAlreadyActive' },
    { policy: 'Replace' as const, minutes: [3], reason: 'SuccessfulDelete' },
  ])('with $policy has the Jobs of minutes $minutes after three', async ({ policy, minutes, reason }) => {
    const cluster = await given({ spec: { concurrencyPolicy: policy } });
    await cluster.advance(3 * minute + 30_000);
    expect(await minutesOf(cluster)).toEqual(minutes);
    expect((await getCronJob(cluster)).status?.active).toHaveLength(minutes.length);
    expect(await reasonsOf(cluster)).toContain(reason);
  });

  it('that forbids two at once begins the one that was due when the other has ended', async () => {
    const cluster = await given({ spec: { concurrencyPolicy: 'Forbid' }, end: { after: 90_000, exitCode: 0 } });
    await cluster.advance(3 * minute);
    expect(await minutesOf(cluster)).toEqual([1, 2]);
  });

  it('rests while it is suspended, and then begins with the latest moment', async () => {
    const cluster = await given({ spec: { suspend: true }, end: well });
    await cluster.advance(5 * minute + 30_000);
    expect(await minutesOf(cluster)).toEqual([]);
    await cluster.client.patch(cronJobs, key, { type: 'merge', body: { spec: { suspend: false } } });
    await cluster.advance(1_000);
    expect(await minutesOf(cluster)).toEqual([5]);
  });

  it('lets go a moment that is too long ago', async () => {
    const spec = { schedule: '0 * * * *', suspend: true, startingDeadlineSeconds: 60 };
    const cluster = await given({ spec, end: well });
    await cluster.advance(65 * minute);
    await cluster.client.patch(cronJobs, key, { type: 'merge', body: { spec: { suspend: false } } });
    await cluster.advance(minute);
    expect(await minutesOf(cluster)).toEqual([]);
    await cluster.advance(60 * minute);
    expect(await minutesOf(cluster)).toEqual([120]);
  });

  it('reads its schedule in its time zone', async () => {
    const cluster = await given({ spec: { schedule: '30 6 * * *', timeZone: 'Asia/Kolkata' }, end: well });
    await cluster.advance(59 * minute);
    expect(await minutesOf(cluster)).toEqual([]);
    await cluster.advance(2 * minute);
    expect(await minutesOf(cluster)).toEqual([60]);
  });

  it('lets a Job that a person made of it hold up nothing', async () => {
    const cluster = await given({ spec: { concurrencyPolicy: 'Forbid' } });
    const { spec, metadata } = await getCronJob(cluster);
    const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'tidy', uid: metadata.uid ?? '', controller: true };
    await cluster.client.create(jobs, {
      metadata: { name: 'by-hand', namespace: 'default', ownerReferences: [owner] },
      spec: spec?.jobTemplate.spec,
    });
    await cluster.advance(minute + 1_000);
    expect((await getCronJob(cluster)).status?.active).toHaveLength(1);
  });

  it.each([1, 2, 3, 4, 6, 9, 13])(
    'makes no Job twice, where the controller is killed after write %i',
    async (crashAfterWrites) => {
      const cluster = await given({ end: well, crashAfterWrites });
      await cluster.advance(4 * minute + 30_000);
      expect(await minutesOf(cluster)).toEqual([2, 3, 4]);
      expect((await getCronJob(cluster)).status?.lastScheduleTime).toBe('2026-01-01T00:04:00Z');
    },
  );

  it('takes its Jobs with it', async () => {
    const cluster = await given({});
    await cluster.advance(minute + 1_000);
    await cluster.client.delete(cronJobs, key);
    await cluster.advance(5_000);
    expect(await listJobs(cluster)).toEqual([]);
  });
});
