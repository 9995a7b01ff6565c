/** How a pod ends: traffic leaves, containers stop (sidecars last, in reverse order), the sandbox goes, the object goes. */
import { actNow, emptyPlan, joinPlans, type PodPlan } from './pod-plan.ts';
import type { ContainerRecord, PodRecord, Termination } from './pod-record.ts';
import { planStop } from './plan-stop.ts';

/** Nobody waits longer than this for proxies and gateways. */
const endpointsGoneLimit = 1000;
/** Kubernetes' "small grace period" for a pod whose object was deleted by force. */
export const forcedGraceSeconds = 1;

export function planTermination(record: PodRecord, termination: Termination, now: number): PodPlan {
  const shorter = planShorterGrace(record, termination);
  if (shorter !== undefined) return shorter;
  const alive = record.containers.filter(({ state }) => state.kind === 'running' || state.kind === 'starting');
  if (alive.length === 0) return planRemoval(record);
  if (termination.reason !== 'deleted') return planStops(record, alive, termination, now);
  switch (termination.endpoints) {
    case 'unasked':
      return actNow({ kind: 'awaitEndpointsGone', milliseconds: clampWait(termination.deadline - now) });
    case 'waiting':
      return emptyPlan;
    case 'gone':
      return planStops(record, alive, termination, now);
  }
}

function clampWait(milliseconds: number): number {
  return Math.max(0, Math.min(endpointsGoneLimit, milliseconds));
}

/** A pod that is deleted while it ends, or again with less grace, or by force, ends by the earliest of its deadlines. */
function planShorterGrace(record: PodRecord, termination: Termination): PodPlan | undefined {
  if (termination.reason === 'shutdown') return undefined;
  const { deletionTimestamp, deletionGracePeriodSeconds } = record.pod.metadata;
  const deleted = deletionTimestamp === undefined ? undefined : deletionGracePeriodSeconds;
  const graceSeconds = record.gone ? forcedGraceSeconds : deleted;
  if (graceSeconds === undefined || graceSeconds >= termination.graceSeconds) return undefined;
  return actNow({ kind: 'terminatePod', reason: termination.reason, graceSeconds });
}

function planStops(
  record: PodRecord,
  alive: readonly ContainerRecord[],
  termination: Termination,
  now: number,
): PodPlan {
  return joinPlans(alive.map((container) => planOneStop(record, container, termination, now)));
}

function planOneStop(record: PodRecord, container: ContainerRecord, termination: Termination, now: number): PodPlan {
  const { state, name } = container;
  if (state.kind !== 'running') return emptyPlan;
  if (state.stop === undefined) {
    const message = `Stopping container ${name}`;
    return actNow({ kind: 'stopContainer', name, message, deadline: termination.deadline });
  }
  const stop = { ...state.stop, deadline: Math.min(state.stop.deadline, termination.deadline) };
  return planStop(name, stop, { now, mayTerminate: isItsTurn(record, container) });
}

/** Main containers go at once; a sidecar after them and after the sidecars that were started later. */
function isItsTurn(record: PodRecord, container: ContainerRecord): boolean {
  if (container.role !== 'sidecar') return true;
  const position = record.containers.indexOf(container);
  return record.containers
    .slice(position + 1)
    .every(({ state }) => state.kind !== 'running' && state.kind !== 'starting');
}

function planRemoval(record: PodRecord): PodPlan {
  if (record.volumes.kind === 'preparing') return emptyPlan;
  switch (record.sandbox.kind) {
    case 'creating':
    case 'removing':
      return emptyPlan;
    case 'ready':
      return actNow({ kind: 'removeSandbox' });
    case 'absent':
    case 'failed':
    case 'removed':
      return shouldFinalise(record) ? actNow({ kind: 'finalise' }) : emptyPlan;
  }
}

function shouldFinalise(record: PodRecord): boolean {
  return (
    record.gone || record.pod.metadata.deletionTimestamp !== undefined || record.termination?.reason === 'shutdown'
  );
}
