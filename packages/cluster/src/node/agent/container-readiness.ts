import type { ContainerRecord, PodRecord, Running } from './pod-record.ts';

/** Running with its postStart hook done and its startup probe passed. */
export function hasStarted({ state }: ContainerRecord): boolean {
  return state.kind === 'running' && state.postStart === 'done' && state.startupPassed;
}

/** For an init container: done. Else: started, and its readiness probe says yes. */
export function isReady(record: PodRecord, container: ContainerRecord): boolean {
  const { state } = container;
  if (container.role === 'ephemeral') return false;
  if (container.role === 'init') return state.kind === 'terminated' && state.exitCode === 0;
  return state.kind === 'running' && hasStarted(container) && state.readinessPassed && !isTakenOut(record, state);
}

/**
 * Whether a running container takes no new work, whatever its program says. A deleted pod is out of traffic by its
 * deletionTimestamp, and its readiness tells whether it can still serve where no other pod does; for whatever else ends,
 * unreadiness is the only word that anybody hears.
 */
export function isTakenOut({ termination }: PodRecord, { fault, stop }: Running): boolean {
  if (fault !== undefined) return true;
  return termination === undefined ? stop !== undefined : termination.reason !== 'deleted';
}

/** Whether an init container lets the next container begin. A sidecar that started once does so even while it restarts. */
export function isInitialized(record: PodRecord, container: ContainerRecord): boolean {
  if (container.role === 'init') return container.state.kind === 'terminated' && container.state.exitCode === 0;
  const later = record.containers.slice(record.containers.indexOf(container) + 1);
  return hasStarted(container) || later.some((each) => each.role !== 'ephemeral' && hasBegun(each));
}

function hasBegun({ state, restartCount }: ContainerRecord): boolean {
  return state.kind !== 'waiting' || restartCount > 0;
}
