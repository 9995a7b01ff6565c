import type { CronJob, CronJobSpec } from '@slipway/kube/api.generated';
import { cronJobs } from '@slipway/kube/resources';
import { age } from '../columns.ts';
import type { Fault } from '../definition.ts';
import { define } from '../entry.ts';
import { invalid, required } from '../faults.ts';
import { lateModule } from '../late-module.ts';
import { dns1123Subdomain } from '../names.ts';
import { validateJobTemplate } from './job-rules.ts';
import { atLeast, supported } from './pod-template.ts';
import { defaultTemplate, selectorColumn, templateColumns } from './workload.ts';

export const cronJob = define<CronJob>({
  type: cronJobs,
  schemaType: 'io.k8s.api.batch.v1.CronJob',
  shortNames: ['cj'],
  categories: ['all'],
  hasStatus: true,
  nameRule: dns1123Subdomain,
  columns: [
    { name: 'Schedule', cell: ({ spec }) => spec?.schedule ?? '' },
    { name: 'Timezone', cell: ({ spec }) => spec?.timeZone ?? '<none>' },
    { name: 'Suspend', cell: ({ spec }) => (spec?.suspend === true ? 'True' : 'False') },
    { name: 'Active', type: 'integer', cell: ({ status }) => status?.active?.length ?? 0 },
    {
      name: 'Last Schedule',
      cell: ({ status }, now) =>
        status?.lastScheduleTime === undefined ? '<none>' : age(status.lastScheduleTime, now),
    },
    ...templateColumns<CronJob>(({ spec }) => spec?.jobTemplate?.spec?.template),
    selectorColumn<CronJob>(({ spec }) => spec?.jobTemplate?.spec?.selector),
  ],
  defaults: defaultCronJob,
  validate: ({ metadata, spec }) => [
    ...validateName(metadata.name ?? ''),
    ...(spec === undefined ? [required('spec')] : validateSpec(spec)),
  ],
});

function defaultCronJob(object: CronJob): CronJob {
  const { spec } = object;
  if (spec === undefined) return object;
  const job = spec.jobTemplate?.spec;
  return {
    ...object,
    spec: {
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
      ...spec,
      ...(job?.template === undefined
        ? {}
        : { jobTemplate: { ...spec.jobTemplate, spec: { ...job, template: defaultTemplate(job.template) } } }),
    },
  };
}

/** Its Jobs add a dash and ten digits to it. */
const maximumName = 52;

function validateName(name: string): readonly Fault[] {
  return name.length <= maximumName
    ? []
    : [invalid('metadata.name', name, `must be no more than ${maximumName} characters`)];
}

function validateSpec(spec: Partial<CronJobSpec>): readonly Fault[] {
  const { schedule = '', timeZone, jobTemplate = {} } = spec;
  return [
    ...(schedule === '' ? [required('spec.schedule')] : validateSchedule(schedule)),
    ...(timeZone === undefined ? [] : validateTimeZone(timeZone)),
    ...atLeast(spec.startingDeadlineSeconds, 0, 'spec.startingDeadlineSeconds'),
    ...supported(spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace'], 'spec.concurrencyPolicy'),
    ...validateJobTemplate(jobTemplate, 'spec.jobTemplate'),
    ...atLeast(spec.successfulJobsHistoryLimit, 0, 'spec.successfulJobsHistoryLimit'),
    ...atLeast(spec.failedJobsHistoryLimit, 0, 'spec.failedJobsHistoryLimit'),
  ];
}

const schedules = lateModule(() => import('../../cron/cron-schedule.ts'));

function validateSchedule(schedule: string): readonly Fault[] {
  const { parseCronSchedule, CronSyntaxError } = schedules();
  if (schedule.includes('TZ='))
    return [invalid('spec.schedule', schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead')];
  try {
    parseCronSchedule(schedule);
    return [];
  } catch (error) {
    if (error instanceof CronSyntaxError) return [invalid('spec.schedule', schedule, error.message)];
    throw error;
  }
}

function validateTimeZone(timeZone: string): readonly Fault[] {
  const field = 'spec.timeZone';
  if (timeZone === '') return [invalid(field, timeZone, 'timeZone must be nil or non-empty string')];
  if (timeZone.toLowerCase() === 'local')
    return [
      invalid(field, timeZone, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'),
    ];
  return schedules().isTimeZone(timeZone) ? [] : [invalid(field, timeZone, `unknown time zone ${timeZone}`)];
}
