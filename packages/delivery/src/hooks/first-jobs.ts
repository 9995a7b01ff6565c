/** The Jobs of all hooks of a version as they would be started first: what an API server would refuse of one is told before. */
import type { Job, PodTemplateSpec } from '@slipway/kube/api.generated';
import { hookTimes } from '../api/hook.ts';
import type { Release } from '../api/release.ts';
import type { Observation } from '../observation.ts';
import { initialStatus } from '../release-status.ts';
import { hookJob } from './hook-job.ts';
import { hookFacts, hookRun } from './hook-run.ts';

export interface FirstJob {
  /** Where its template stands in an Application: `spec.hooks.beforePromotion[0].job.template`. */
  readonly path: string;
  /** As it stands there. */
  readonly written: PodTemplateSpec;
  readonly job: Job;
}

export function firstJobs(
  release: Release,
  observation: Pick<Observation, 'application' | 'services'>,
): readonly FirstJob[] {
  return hookTimes.flatMap((during) =>
    (release.spec.hooks?.[during] ?? []).flatMap((hook, index) => {
      const run = hookRun({ release, status: initialStatus }, hook, during);
      const job = hookJob(release, run, hookFacts({ release, stable: undefined, observation }, run));
      const path = `spec.hooks.${during}[${index}].job.template`;
      return job === undefined ? [] : [{ path, job, written: hook.job?.template ?? {} }];
    }),
  );
}
