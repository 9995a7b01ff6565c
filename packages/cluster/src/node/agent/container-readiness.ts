import type { ContainerRecord, PodRecord } from './pod-record.ts';

/** Running with its postStart hook done and its startup probe passed. */
export function hasStarted({ state }: ContainerRecord): boolean {
  return state.kind === 'running' && state.postStart === 'done' && state.startupPassed;
}

/** For an init container: done. Else: started, and its readiness probe says yes. */
export function isReady(container: ContainerRecord): boolean {
  const { state } = container;
  if (container.role === 'init') return state.kind === 'terminated' && state.exitCode === 0;
  return state.kind === 'running' && hasStarted(container) && state.readinessPassed && state.stop === undefined;
}

/** Whether an init container lets the next container begin. A sidecar that started once does so even while it restarts. */
export function isInitialized(record: PodRecord, container: ContainerRecord): boolean {
  if (container.role === 'init') return container.state.kind === 'terminated' && container.state.exitCode === 0;
  const later = record.containers.slice(record.containers.indexOf(container) + 1);
  return hasStarted(container) || later.some(hasBegun);
}

function hasBegun({ state, restartCount }: ContainerRecord): boolean {
  return state.kind !== 'waiting' || restartCount > 0;
}
