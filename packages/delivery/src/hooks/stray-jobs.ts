/** Jobs of hooks that nobody waits for any more: those that run are stopped, those of releases that are gone go too. */
import type { Job } from '@slipway/kube/api.generated';
import { isConditionTrue } from '@slipway/kube/conditions';
import type { Release } from '../api/release.ts';
import { annotations, labels } from '../names.ts';
import type { Observation } from '../observation.ts';
import type { Action, Step } from '../plan.ts';
import { nameOf } from '../release-context.ts';
import { statusOf } from '../release-changes.ts';
import { findHookGate } from './hook-gates.ts';

/** A Job is made after the Release that it is of, and may be seen before it. */
const graceMilliseconds = 60_000;

export function planStrayJobs({ jobs, releases }: Observation): readonly Action[] {
  const byName = new Map(releases.map((release) => [nameOf(release), release]));
  return jobs
    .filter((job) => isRunning(job) && isGivenUp(job, byName.get(releaseOf(job))))
    .map(({ metadata }) => ({ type: 'stopJob', name: metadata.name ?? '' }));
}

/** With the record of its release. */
export function planOldJobs(observation: Observation, now: number): Pick<Step, 'actions' | 'requeueAfter'> {
  const known = new Set(observation.releases.map(nameOf));
  const left = observation.jobs.filter((job) => !known.has(releaseOf(job)));
  const open = left.map((job) => graceEnd(job) - now).filter((milliseconds) => milliseconds > 0);
  return {
    actions: left
      .filter((job) => graceEnd(job) <= now)
      .map(({ metadata }) => ({ type: 'deleteJob', name: metadata.name ?? '' })),
    requeueAfter: open.length === 0 ? undefined : Math.min(...open),
  };
}

function releaseOf({ metadata }: Job): string {
  return metadata.labels?.[labels.release] ?? '';
}

function graceEnd({ metadata }: Job): number {
  return Date.parse(metadata.creationTimestamp ?? '') + graceMilliseconds;
}

function isRunning({ spec, status, metadata }: Job): boolean {
  const isOver = ['Complete', 'Failed'].some((type) => isConditionTrue(status?.conditions, type));
  return !isOver && spec?.suspend !== true && metadata.deletionTimestamp === undefined;
}

/** By the record alone: a Job that the record knows nothing of was started a moment ago. */
function isGivenUp({ metadata }: Job, release: Release | undefined): boolean {
  const gate =
    release === undefined ? undefined : findHookGate(statusOf(release), metadata.labels?.[labels.hook] ?? '');
  const attempt = Number(metadata.annotations?.[annotations.attempt]);
  if (gate === undefined || attempt > gate.attempt) return false;
  return attempt < gate.attempt || gate.outcome !== undefined;
}
