import type { PodPhase } from '@slipway/kube/api.generated';
import { isInitialized } from './container-readiness.ts';
import { comesBeforeMain, settledState, type ContainerRecord, type PodRecord } from './pod-record.ts';
import { isFinished } from './restart-policy.ts';

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase */
export function calculatePhase(record: PodRecord): PodPhase {
  if (awaitsSidecar(record)) return 'Running';
  const ended = hasEnded(record);
  const fails = isFailing(record);
  if (ended && fails) return 'Failed';
  if (ended || (!fails && isFinished(record))) return allSucceeded(record) ? 'Succeeded' : 'Failed';
  const mains = record.containers.filter(({ role }) => role === 'main');
  if (!initContainersDone(record) || mains.some(hasNeverRun)) return 'Pending';
  return 'Running';
}

/** The kubelet has a pod run as long as a sidecar does, however its main containers have ended. */
function awaitsSidecar({ containers }: PodRecord): boolean {
  return (
    containers.some(({ role, state }) => role === 'sidecar' && state.kind === 'running') &&
    containers.every(({ role, state }) => role !== 'main' || state.kind === 'terminated')
  );
}

/** It has failed whatever its containers end with; nobody hears of that before they have. */
export function isFailing({ termination }: PodRecord): boolean {
  return termination?.reason === 'deadlineExceeded' || termination?.reason === 'evicted';
}

/** The pod ends and nothing of it runs any more. */
export function hasEnded({ termination, containers }: PodRecord): boolean {
  return (
    termination !== undefined && containers.every(({ state }) => state.kind !== 'running' && state.kind !== 'starting')
  );
}

function allSucceeded(record: PodRecord): boolean {
  return record.containers
    .filter(({ role }) => role === 'init' || role === 'main')
    .every(({ state }) => state.kind === 'terminated' && state.exitCode === 0);
}

function initContainersDone(record: PodRecord): boolean {
  return record.containers.filter(comesBeforeMain).every((container) => isInitialized(record, container));
}

/** Not even an earlier instance: one that waits for its restart counts as running. */
function hasNeverRun(container: ContainerRecord): boolean {
  const { last } = container;
  const state = settledState(container);
  if (state.kind === 'running') return state.postStart !== 'done' && last === undefined;
  return state.kind !== 'terminated' && last === undefined;
}
