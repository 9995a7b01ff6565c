/** The Job of a hook: started once, waited for, and told apart in how it ended. From what was observed alone. */
import type { Job } from '@slipway/kube/api.generated';
import { findCondition, isConditionTrue } from '@slipway/kube/conditions';
import type { GateResult } from '../api/release.ts';
import { annotations, labels } from '../names.ts';
import type { ReleaseContext } from '../release-context.ts';
import type { HookEnding } from './hook-gates.ts';
import { hookJob, jobSeconds } from './hook-job.ts';
import type { HookLook } from './hook-look.ts';
import { hookFacts, type HookRun } from './hook-run.ts';

/** The Job ends itself in time. This is for one that never began, and for clocks that differ. */
const graceMilliseconds = 30_000;
const lookAgainMilliseconds = 1_000;

export function followJob(context: ReleaseContext, run: HookRun, gate: GateResult): HookLook {
  const job = context.observation.jobs.find(({ metadata }) => metadata.name === run.key);
  if (job === undefined) return followAbsent(context, run, gate);
  const seen: GateResult = { ...gate, jobUid: job.metadata.uid };
  const ending = endOf(job, context, run);
  if (ending !== undefined) return { gate: seen, ending };
  const isFailed = isConditionTrue(job.status?.conditions, 'Failed');
  const waitingFor = `${isFailed ? 'the cause of the failure of ' : ''}hook ${run.hook.name}${isFailed ? '' : ' to end'} (Job ${run.key})`;
  if (isFailed)
    return {
      gate: seen,
      waitingFor,
      actions: [{ type: 'explainJob', name: run.key }],
      requeueAfter: lookAgainMilliseconds,
    };
  return isLate(context, run, gate)
    ? { gate: seen, ending: { outcome: 'error', message: `${describeJob(run)} did not end in time` } }
    : { gate: seen, waitingFor, requeueAfter: untilLate(context, run, gate) };
}

/** What is gone before its end was seen may have done its work: it is not started again. */
function followAbsent(context: ReleaseContext, run: HookRun, gate: GateResult): HookLook {
  const { observation, release } = context;
  if (gate.jobUid !== undefined)
    return { gate, ending: { outcome: 'error', message: `${describeJob(run)} was deleted before its end was seen` } };
  const other = findRunning(observation.jobs, run);
  if (other !== undefined) {
    const { version, attempt } = originOf(other);
    const waitingFor = `hook ${run.hook.name} of version ${version}, attempt ${attempt}, to stop first (Job ${other.metadata.name ?? ''})`;
    return { waitingFor, requeueAfter: lookAgainMilliseconds };
  }
  if (isLate(context, run, gate))
    return { gate, ending: { outcome: 'error', message: `${describeJob(run)} could not be started in time` } };
  const job = hookJob(release, run, hookFacts(context, run));
  return {
    gate,
    waitingFor: `hook ${run.hook.name} to start (Job ${run.key})`,
    actions: job === undefined ? [] : [{ type: 'startJob', job }],
    requeueAfter: untilLate(context, run, gate),
  };
}

/** Undefined while it runs, and where it has failed and nobody knows yet why. */
function endOf({ status }: Job, { observation }: ReleaseContext, run: HookRun): HookEnding | undefined {
  if (isConditionTrue(status?.conditions, 'Complete'))
    return { outcome: 'passed', message: `${describeJob(run)} has completed` };
  const failed = findCondition(status?.conditions, 'Failed');
  const cause = observation.hookFindings.get(run.key);
  if (failed?.status !== 'True' || cause?.type !== 'cause') return undefined;
  const how =
    failed.reason === 'DeadlineExceeded'
      ? `did not end within ${jobSeconds(run.hook)} s`
      : `has failed (${failed.reason ?? 'without a reason'})`;
  return { outcome: 'failed', message: `${describeJob(run)} ${how}: ${cause.text}` };
}

function describeJob({ key }: HookRun): string {
  return `Job ${key}`;
}

/** The same hook of another attempt or version: two migrations at once are worse than none. */
function findRunning(jobs: readonly Job[], { hook, key }: HookRun): Job | undefined {
  return jobs.find(
    (job) => job.metadata.labels?.[labels.hook] === hook.name && job.metadata.name !== key && hasPods(job),
  );
}

function hasPods({ spec, status }: Job): boolean {
  const isOver = ['Complete', 'Failed'].some((type) => isConditionTrue(status?.conditions, type));
  const isStopped = isOver || spec?.suspend === true;
  return !isStopped || (status?.active ?? 0) + (status?.terminating ?? 0) > 0;
}

function originOf({ metadata }: Job): { readonly version: string; readonly attempt: string } {
  return {
    version: metadata.annotations?.[annotations.version] ?? '',
    attempt: metadata.annotations?.[annotations.attempt] ?? '',
  };
}

function isLate(context: ReleaseContext, run: HookRun, gate: GateResult): boolean {
  return endOfTime(run, gate) <= context.now;
}

function untilLate({ now }: ReleaseContext, run: HookRun, gate: GateResult): number {
  return Math.max(1, endOfTime(run, gate) - now);
}

function endOfTime({ hook }: HookRun, { startedAt }: GateResult): number {
  return Date.parse(startedAt) + jobSeconds(hook) * 1_000 + graceMilliseconds;
}
