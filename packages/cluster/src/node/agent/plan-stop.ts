/** How one container is stopped: preStop and SIGTERM share the grace period, and SIGTERM has 2 s at least. */
import { actNow, emptyPlan, waitUntil, type PodPlan } from './pod-plan.ts';
import type { Stop } from './pod-record.ts';

/** The kubelet's least time between SIGTERM and SIGKILL. */
const minimumTerminationMilliseconds = 2000;

export interface StopCircumstances {
  readonly now: number;
  /** False while a sidecar waits for the containers before which it may not end. */
  readonly mayTerminate: boolean;
}

export function planStop(name: string, stop: Stop, when: StopCircumstances): PodPlan {
  const { now } = when;
  if (stop.killed) return emptyPlan;
  if (stop.termAt !== undefined) {
    const killAt = calculateKillTime(stop.deadline, stop.termAt);
    return now < killAt ? waitUntil(killAt) : actNow({ kind: 'signalContainer', name, signal: 'SIGKILL' });
  }
  if (stop.preStop === 'due' && now < stop.deadline) {
    return actNow({ kind: 'runPreStop', name, milliseconds: stop.deadline - now });
  }
  const expired = now >= stop.deadline;
  if ((stop.preStop === 'running' || !when.mayTerminate) && !expired) return waitUntil(stop.deadline);
  return actNow({ kind: 'signalContainer', name, signal: 'SIGTERM' });
}

/** `max(end of grace, SIGTERM + 2 s)`: with 30 s of grace and a preStop of 29.5 s, SIGKILL comes at 31.5 s. */
function calculateKillTime(deadline: number, termAt: number): number {
  return Math.max(deadline, termAt + minimumTerminationMilliseconds);
}
