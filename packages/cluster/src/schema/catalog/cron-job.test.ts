import type { CronJob, CronJobSpec } from '@slipway/kube/api.generated';
import { cronJobs } from '@slipway/kube/resources';
import { describe, expect, it } from 'vitest';
import { columnsOf, faultsOf, rowOf } from '../../../testing/catalog-checks.ts';
import { createMemoryCluster } from '../../../testing/memory-cluster.ts';
import { withLateModules } from '../late-module.ts';
import { cronJob } from './cron-job.ts';

const pods = { spec: { restartPolicy: 'Never' as const, containers: [{ name: 'main', image: 'node:24' }] } };

function jobOf(spec: Partial<CronJobSpec> = {}): CronJob {
  return { metadata: {}, spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: pods } }, ...spec } };
}

/** The module that knows schedules is read with the first of them. */
function saidOf(object: CronJob): Promise<readonly string[]> {
  return withLateModules(async () => faultsOf(cronJob, object));
}

describe('a CronJob', () => {
  it('runs beside itself, and keeps four of its Jobs', async () => {
    expect(cronJob.applyDefaults(jobOf())).toMatchObject({
      spec: {
        concurrencyPolicy: 'Allow',
        suspend: false,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 1,
        jobTemplate: { spec: { template: { spec: { dnsPolicy: 'ClusterFirst' } } } },
      },
    });
    expect(await saidOf(jobOf({ timeZone: 'Europe/Berlin' }))).toEqual([]);
  });

  it.each<{ readonly spec: object; readonly fault: string }>([
    { spec: { schedule: '' }, fault: 'spec.schedule: Required value' },
    {
      spec: { schedule: 'daily' },
      fault: 'spec.schedule: Invalid value: "daily": expected exactly 5 fields, found 1: [daily]',
    },
    {
      spec: { schedule: 'TZ=UTC * * * * *' },
      fault:
        'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    },
    { spec: { timeZone: 'Mars' }, fault: 'spec.timeZone: Invalid value: "Mars": unknown time zone Mars' },
    {
      spec: { concurrencyPolicy: 'Queue' },
      fault: 'spec.concurrencyPolicy: Unsupported value: "Queue": supported values: "Allow", "Forbid", "Replace"',
    },
    {
      spec: { jobTemplate: { spec: { template: { spec: { containers: pods.spec.containers } } } } },
      fault: 'spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    },
    {
      spec: { jobTemplate: { spec: { template: pods, backoffLimit: -1 } } },
      fault: 'spec.jobTemplate.spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0',
    },
    { spec: { jobTemplate: {} }, fault: 'spec.jobTemplate.spec: Required value' },
  ])('is refused with $fault', async ({ spec, fault }) => {
    expect(await saidOf(jobOf(spec))).toContain(fault);
  });

  it('leaves room in its name for the time of its Jobs', async () => {
    const name = 'n'.repeat(53);
    expect(await saidOf({ ...jobOf(), metadata: { name } })).toEqual([
      `metadata.name: Invalid value: "${name}": must be no more than 52 characters`,
    ]);
  });

  it('shows when it ran', () => {
    expect(columnsOf(cronJob).join(' ')).toBe(
      'Name Schedule Timezone Suspend Active Last Schedule Age (Containers) (Images) (Selector)',
    );
    expect(rowOf(cronJob, jobOf())).toMatchObject({
      Schedule: '*/5 * * * *',
      Timezone: '<none>',
      Suspend: 'False',
      Active: 0,
      'Last Schedule': '<none>',
    });
  });

  it('is judged by the API the first time too', async () => {
    const cluster = await createMemoryCluster();
    const metadata = { name: 'tidy', namespace: 'default' };
    await expect(cluster.client.create(cronJobs, { ...jobOf({ schedule: 'x' }), metadata })).rejects.toThrow(
      'spec.schedule',
    );
    await cluster.client.create(cronJobs, { ...jobOf(), metadata });
    await cluster.close();
  });
});
