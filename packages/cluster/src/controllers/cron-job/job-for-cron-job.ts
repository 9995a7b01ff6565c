import type { CronJob, Job } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { controllerReference } from '@slipway/kube/owner-references';
import { cronJobs } from '@slipway/kube/resources';

/** For which moment of the schedule the Job was made; those that people made have none. */
const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

/** Named by the moment: made twice it is one. */
export function jobFor(cronJob: CronJob, at: number): Job {
  const { metadata = {}, spec } = cronJob.spec?.jobTemplate ?? {};
  const { labels, annotations } = metadata;
  return {
    metadata: {
      name: `${cronJob.metadata.name ?? ''}-${Math.floor(at / 60_000)}`,
      namespace: cronJob.metadata.namespace,
      labels,
      annotations: { ...annotations, [scheduledAnnotation]: formatTime(at) },
      ownerReferences: [controllerReference(cronJob, cronJobs)],
    },
    spec,
  };
}

export function scheduledTimeOf({ metadata }: Job): number | undefined {
  const text = metadata.annotations?.[scheduledAnnotation];
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
