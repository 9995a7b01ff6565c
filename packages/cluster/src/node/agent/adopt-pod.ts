/** The record of a pod that an agent before this one may have begun: what runs is taken over, what is gone is accounted for. */
import type { ContainerStateTerminated, ContainerStatus, Pod, PodStatus } from '@slipway/kube/api.generated';
import type { RunningPod } from '../runtime.ts';
import {
  newPodRecord,
  parseContainerId,
  specOf,
  type ContainerRecord,
  type PodRecord,
  type Running,
  type Terminated,
  type Termination,
} from './pod-record.ts';

export function adoptPodRecord(pod: Pod, running: RunningPod | undefined, now: number): PodRecord {
  const fresh = newPodRecord(pod, now);
  const startTime = pod.status?.startTime === undefined ? now : Date.parse(pod.status.startTime);
  const containers = fresh.containers.map((container) => adoptContainer(pod, container, { running, now }));
  const adopted: PodRecord = { ...fresh, startTime, containers };
  const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  const withSandbox =
    running === undefined ? adopted : { ...adopted, sandbox: { kind: 'ready' as const, sandbox: running.sandbox } };
  if (!isOver) return withSandbox;
  const reason = reasonOfEnd(pod.status);
  const termination = { reason, startedAt: now, graceSeconds: 0, deadline: now, endpoints: 'gone' } as const;
  return { ...withSandbox, overLimit: reason === 'evicted' ? pod.status.message : undefined, termination };
}

function reasonOfEnd({ reason }: PodStatus): Termination['reason'] {
  switch (reason) {
    case 'DeadlineExceeded':
      return 'deadlineExceeded';
    case 'Evicted':
      return 'evicted';
    default:
      return 'completed';
  }
}

interface Circumstances {
  readonly running: RunningPod | undefined;
  readonly now: number;
}

function adoptContainer(pod: Pod, container: ContainerRecord, { running, now }: Circumstances): ContainerRecord {
  const status = findStatus(pod, container.name);
  if (status === undefined) return adoptUnreported(pod, container, running);
  const known: ContainerRecord = {
    ...container,
    restartCount: status.restartCount,
    imageId: status.imageID,
    last: toTerminated(status.lastState?.terminated),
  };
  const alive = findAlive(container, running);
  if (alive !== undefined)
    return { ...known, restartCount: alive.attempt, state: toRunning(pod, container, { ...alive, status }) };
  const ended = toTerminated(status.state?.terminated);
  // Init containers run again in a new sandbox.
  const counts = ended !== undefined && (container.role !== 'init' || running !== undefined || isOver(pod));
  if (counts) return { ...known, state: ended };
  if (ended !== undefined) return { ...known, restartCount: status.restartCount + 1, last: ended };
  if (status.state?.running === undefined) return afterWaiting(known, status);
  return { ...known, state: lost(status, now) };
}

function isOver(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** It ended before the agent was gone and waited for its next attempt. */
function afterWaiting(known: ContainerRecord, status: ContainerStatus): ContainerRecord {
  return status.lastState?.terminated === undefined ? known : { ...known, restartCount: status.restartCount + 1 };
}

/** Nobody saw how it ended. */
function lost(status: ContainerStatus, now: number): Terminated {
  return {
    kind: 'terminated',
    containerId: idWithoutScheme(status.containerID),
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the node agent started again',
    startedAt: status.state?.running?.startedAt === undefined ? undefined : Date.parse(status.state.running.startedAt),
    finishedAt: now,
    waitsAs: undefined,
    backOffReported: false,
  };
}

/** Its status was never written: the agent was gone too soon. */
function adoptUnreported(pod: Pod, container: ContainerRecord, running: RunningPod | undefined): ContainerRecord {
  const alive = findAlive(container, running);
  if (alive === undefined) return container;
  return {
    ...container,
    restartCount: alive.attempt,
    state: toRunning(pod, container, { ...alive, status: undefined }),
  };
}

interface Alive {
  readonly containerId: string;
  readonly startedAt: number;
  readonly attempt: number;
}

function findAlive(container: ContainerRecord, running: RunningPod | undefined): Alive | undefined {
  for (const { containerId, startedAt } of running?.containers ?? []) {
    const instance = parseContainerId(containerId);
    if (instance?.name === container.name) return { containerId, startedAt, attempt: instance.attempt };
  }
  return undefined;
}

function toRunning(
  pod: Pod,
  { name }: ContainerRecord,
  { containerId, startedAt, status }: Alive & { readonly status: ContainerStatus | undefined },
): Running {
  const spec = specOf(pod, name);
  return {
    kind: 'running',
    containerId,
    startedAt,
    image: spec?.image ?? '',
    postStart: 'done',
    startupPassed: spec?.startupProbe === undefined || status?.started === true,
    readinessPassed: spec?.readinessProbe === undefined || status?.ready === true,
    fault: undefined,
    stop: undefined,
  };
}

function findStatus(pod: Pod, name: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses].find(
    (status) => status.name === name,
  );
}

function toTerminated(state: ContainerStateTerminated | undefined): Terminated | undefined {
  if (state === undefined) return undefined;
  const { exitCode, reason = 'Error', message, containerID, startedAt, finishedAt } = state;
  return {
    kind: 'terminated',
    containerId: idWithoutScheme(containerID),
    exitCode,
    reason,
    message,
    startedAt: startedAt === undefined ? undefined : Date.parse(startedAt),
    finishedAt: finishedAt === undefined ? 0 : Date.parse(finishedAt),
    waitsAs: undefined,
    backOffReported: false,
  };
}

/** `process://ID` names the container ID. */
function idWithoutScheme(containerID: string | undefined): string | undefined {
  return containerID?.replace(/^[^:]*:\/\//, '');
}
