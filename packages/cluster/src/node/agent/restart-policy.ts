import { activeBackOff } from './back-off.ts';
import type { ContainerRecord, PodRecord, Terminated } from './pod-record.ts';

/** When the next instance of a container may start: never, or at a time, which may be past. */
export type Restart =
  | { readonly kind: 'never' }
  | { readonly kind: 'at'; readonly time: number; readonly waits: number };

const never: Restart = { kind: 'never' };

/** For a container that ended, by the pod's restartPolicy and the back-off of its crashes. */
export function calculateRestart(record: PodRecord, container: ContainerRecord, ended: Terminated): Restart {
  if (record.termination !== undefined || !mayRestart(record, container, ended.exitCode)) return never;
  const backOff = activeBackOff(container.crashBackOff, ended.finishedAt);
  const waits = backOff?.milliseconds ?? 0;
  return { kind: 'at', time: ended.finishedAt + waits, waits };
}

function mayRestart(record: PodRecord, container: ContainerRecord, exitCode: number): boolean {
  const policy = record.pod.spec?.restartPolicy ?? 'Always';
  switch (container.role) {
    case 'sidecar':
      return true;
    case 'init':
      return exitCode !== 0 && policy !== 'Never';
    case 'ephemeral':
      return false;
    case 'main':
      return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
  }
}

/** Whether the pod has nothing more to do: every main container ended for good, or an init container failed for good. */
export function isFinished(record: PodRecord): boolean {
  const endedForGood = (container: ContainerRecord): boolean =>
    container.state.kind === 'terminated' && !mayRestart(record, container, container.state.exitCode);
  const initFailed = record.containers.some(
    (container) =>
      container.role === 'init' &&
      endedForGood(container) &&
      container.state.kind === 'terminated' &&
      container.state.exitCode !== 0,
  );
  return initFailed || record.containers.filter(({ role }) => role === 'main').every(endedForGood);
}
