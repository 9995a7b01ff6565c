/** Hooks: Jobs that run until something ends them, and a webhook that answers what it is told to. */
import type { Job } from '@slipway/kube/api.generated';
import { isConditionTrue } from '@slipway/kube/conditions';
import { formatMicroTime, formatTime } from '@slipway/kube/clock';
import { labels } from '../../src/names.ts';
import { Violation } from '../violation.ts';
import { outdated, type Effect } from './effect.ts';
import { controllerTime, versioned, type World } from './world.ts';

/** A second start finds that there is one. */
export const startJob: Effect<'startJob'> = ({ job }, world) => {
  if (world.jobs.some(({ metadata }) => metadata.name === job.metadata.name)) return world;
  const hook = job.metadata.labels?.[labels.hook];
  const other = world.jobs.find((each) => each.metadata.labels?.[labels.hook] === hook && isRunning(each));
  // Also where the caches are behind: two migrations at once are worse than none.
  if (other !== undefined) throw new Violation(`hooks: ${job.metadata.name} starts beside ${other.metadata.name}`);
  const uid = String(world.revision + 1);
  const metadata = { ...job.metadata, uid, creationTimestamp: formatTime(world.now) };
  const [written, revision] = versioned(world, { ...job, metadata, status: { active: 1 } });
  return { ...world, revision, jobs: [...world.jobs, written] };
};

export const stopJob: Effect<'stopJob'> = ({ name }, world, seen) => {
  const known = seen.jobs.find(({ metadata }) => metadata.name === name);
  const current = world.jobs.find(({ metadata }) => metadata.name === name);
  if (current === undefined || current.metadata.resourceVersion !== known?.metadata.resourceVersion) throw outdated;
  const spec = { template: {}, ...current.spec, suspend: true };
  return replaceJob(world, current, { ...current, spec, status: { active: 0 } });
};

export const deleteJob: Effect<'deleteJob'> = ({ name }, world) => ({
  ...world,
  jobs: world.jobs.filter(({ metadata }) => metadata.name !== name),
});

export const explainJob: Effect<'explainJob'> = ({ name }, world) => ({
  ...world,
  hookFindings: new Map(world.hookFindings).set(name, { type: 'cause', text: 'exit code 3' }),
});

export const callWebhook: Effect<'callWebhook'> = ({ order: { key, number } }, world) => {
  const answer = { number, outcome: world.webhook, answer: '', at: formatMicroTime(controllerTime(world)) };
  return { ...world, hookFindings: new Map(world.hookFindings).set(key, { type: 'answer', answer }) };
};

export type JobEnd = 'Complete' | 'Failed';

/** Of those that run. */
export function endJob(world: World, index: number, end: JobEnd): World {
  const running = world.jobs.filter(isRunning);
  const job = running[index % Math.max(1, running.length)];
  return job === undefined ? world : replaceJob(world, job, { ...job, status: endedStatus(end) });
}

/** Each comes to its end, and nothing goes wrong. */
export function runJobs(world: World): World {
  return world.jobs
    .filter(isRunning)
    .reduce((before, job) => replaceJob(before, job, { ...job, status: endedStatus('Complete') }), world);
}

function endedStatus(end: JobEnd): NonNullable<Job['status']> {
  return { active: 0, conditions: [{ type: end, status: 'True', reason: end }] };
}

function isRunning({ status }: Job): boolean {
  const isOver = ['Complete', 'Failed'].some((type) => isConditionTrue(status?.conditions, type));
  return !isOver && (status?.active ?? 0) > 0;
}

function replaceJob(world: World, current: Job, changed: Job): World {
  const [written, revision] = versioned(world, changed);
  return { ...world, revision, jobs: world.jobs.map((each) => (each === current ? written : each)) };
}
