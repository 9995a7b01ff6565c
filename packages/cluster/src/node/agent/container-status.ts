/** A container's entry in the pod's status. */
import type { ContainerState, ContainerStateTerminated, ContainerStatus } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { formatGoDuration } from './back-off.ts';
import { hasStarted, isReady } from './container-readiness.ts';
import {
  comesBeforeMain,
  describePod,
  settledState,
  specOf,
  type ContainerRecord,
  type PodRecord,
  type Running,
  type Terminated,
} from './pod-record.ts';
import { calculateRestart } from './restart-policy.ts';

export interface StatusCircumstances {
  /** As in `process://...`. */
  readonly runtimeName: string;
  readonly now: number;
}

export function calculateContainerStatus(
  record: PodRecord,
  container: ContainerRecord,
  when: StatusCircumstances,
): ContainerStatus {
  const shown = showState(record, container, when);
  const containerId = shownContainerId(container);
  return {
    name: container.name,
    state: shown.state,
    lastState: shown.last === undefined ? {} : { terminated: formatTerminated(shown.last, when) },
    ready: isReady(record, container),
    restartCount: countRestarts(container),
    image: specOf(record.pod, container.name)?.image ?? '',
    imageID: container.imageId,
    ...(containerId === undefined ? {} : { containerID: `${when.runtimeName}://${containerId}` }),
    started: hasStarted(container),
  };
}

/** A restart counts once the new instance runs. */
function countRestarts({ state, restartCount }: ContainerRecord): number {
  return state.kind === 'running' || state.kind === 'terminated' ? restartCount : Math.max(0, restartCount - 1);
}

interface ShownState {
  readonly state: ContainerState;
  readonly last: Terminated | undefined;
}

function showState(record: PodRecord, container: ContainerRecord, when: StatusCircumstances): ShownState {
  const { last } = container;
  const state = settledState(container);
  switch (state.kind) {
    case 'waiting':
      return { state: { waiting: { reason: defaultWaitingReason(record) } }, last };
    case 'blocked':
      return { state: { waiting: { reason: state.reason, message: state.message } }, last };
    case 'running':
      if (!isPastPostStart(state)) return { state: { waiting: { reason: defaultWaitingReason(record) } }, last };
      return { state: { running: { startedAt: formatTime(state.startedAt) } }, last };
    case 'terminated':
      return showTerminated(record, container, { ended: state, ...when });
  }
}

/** Its program runs, but it does not count as running before its hook has succeeded. */
function isPastPostStart({ postStart, fault }: Running): boolean {
  return postStart === 'done' && fault !== 'postStart';
}

/** A container that waits for its next attempt is shown as waiting, and how it ended as its last state. */
function showTerminated(
  record: PodRecord,
  container: ContainerRecord,
  when: StatusCircumstances & { readonly ended: Terminated },
): ShownState {
  const { ended } = when;
  const restart = calculateRestart(record, container, ended);
  if (restart.kind === 'at' && restart.waits === 0 && ended.waitsAs !== undefined) {
    return { state: { waiting: { reason: ended.waitsAs, message: describeFailure(ended) } }, last: ended };
  }
  if (restart.kind === 'never' || restart.waits === 0) {
    return { state: { terminated: formatTerminated(ended, when) }, last: container.last };
  }
  const wait = formatGoDuration(restart.waits);
  const message = `back-off ${wait} restarting failed container=${container.name} pod=${describePod(record.pod)}`;
  return { state: { waiting: { reason: 'CrashLoopBackOff', message } }, last: ended };
}

function describeFailure({ message, waitsAs }: Terminated): string {
  return waitsAs === 'PostStartHookError' ? 'PostStartHook failed' : (message ?? '');
}

/** Of a container that has not been tried yet. */
export function defaultWaitingReason(record: PodRecord): string {
  return record.containers.some(comesBeforeMain) ? 'PodInitializing' : 'ContainerCreating';
}

function shownContainerId(container: ContainerRecord): string | undefined {
  const { last } = container;
  const state = settledState(container);
  if (state.kind === 'running' || state.kind === 'terminated') return state.containerId;
  return last?.containerId;
}

function formatTerminated(ended: Terminated, when: StatusCircumstances): ContainerStateTerminated {
  const { exitCode, reason, message, containerId, startedAt, finishedAt } = ended;
  return {
    exitCode,
    reason,
    ...(message === undefined ? {} : { message }),
    startedAt: formatTime(startedAt ?? finishedAt),
    finishedAt: formatTime(finishedAt),
    ...(containerId === undefined ? {} : { containerID: `${when.runtimeName}://${containerId}` }),
  };
}
