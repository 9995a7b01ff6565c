import type { ContainerExit } from '../runtime.ts';
import { activeBackOff, nextBackOff } from './back-off.ts';
import {
  settledState,
  specOf,
  type Blocked,
  type ContainerRecord,
  type PodRecord,
  type Running,
  type Terminated,
} from './pod-record.ts';

export type ContainerFact =
  | {
      readonly kind: 'containerStarted';
      readonly name: string;
      readonly containerId: string;
      readonly startedAt: number;
      readonly image: string;
      readonly imageId: string;
    }
  /** Nothing runs. The start was given up because the pod ends: no reason. */
  | { readonly kind: 'startAbandoned'; readonly name: string }
  | { readonly kind: 'startBlocked'; readonly name: string; readonly reason: string; readonly message: string }
  /** The command does not exist or cannot be executed: counts as an end of the container. */
  | {
      readonly kind: 'startFailed';
      readonly name: string;
      readonly containerId: string;
      readonly exitCode: number;
      readonly message: string;
    }
  | {
      readonly kind: 'containerExited';
      readonly name: string;
      readonly exit: ContainerExit;
      readonly message: string | undefined;
    }
  | { readonly kind: 'postStartDone'; readonly name: string; readonly containerId: string; readonly success: boolean }
  | { readonly kind: 'preStopDone'; readonly name: string; readonly containerId: string }
  | {
      readonly kind: 'probed';
      readonly name: string;
      readonly containerId: string;
      readonly probe: 'startup' | 'readiness' | 'liveness';
      readonly success: boolean;
    };

interface Circumstances {
  readonly fact: ContainerFact;
  readonly now: number;
}

export function advanceContainer(
  record: PodRecord,
  container: ContainerRecord,
  { fact, now }: Circumstances,
): ContainerRecord {
  if (fact.name !== container.name) return container;
  switch (fact.kind) {
    case 'containerStarted': {
      const begun = leaveStart(container, now);
      return { ...begun, imageId: fact.imageId, imageBackOff: undefined, state: toRunning(record, fact) };
    }
    case 'startAbandoned':
      return abandonStart(container);
    case 'startBlocked':
      return block(leaveStart(container, now), fact, now);
    case 'startFailed':
      return { ...leaveStart(container, now), state: toFailed(fact, now) };
    default:
      return container.state.kind === 'running' ? advanceRunning(container, container.state, fact) : container;
  }
}

/** The instance before is history from here on, and the next crash waits longer. */
function leaveStart(container: ContainerRecord, now: number): ContainerRecord {
  const ended = settledState(container);
  if (container.state.kind !== 'starting' || ended.kind !== 'terminated') return container;
  return { ...container, last: ended, crashBackOff: nextBackOff(container.crashBackOff, ended.finishedAt, now) };
}

function abandonStart(container: ContainerRecord): ContainerRecord {
  const { state, restartCount } = container;
  if (state.kind !== 'starting') return container;
  const { before } = state;
  return { ...container, restartCount: before.kind === 'terminated' ? restartCount - 1 : restartCount, state: before };
}

function toRunning(record: PodRecord, fact: Extract<ContainerFact, { kind: 'containerStarted' }>): Running {
  const spec = specOf(record.pod, fact.name);
  return {
    kind: 'running',
    containerId: fact.containerId,
    startedAt: fact.startedAt,
    image: fact.image,
    postStart: spec?.lifecycle?.postStart === undefined ? 'done' : 'due',
    startupPassed: spec?.startupProbe === undefined,
    readinessPassed: spec?.readinessProbe === undefined,
    fault: undefined,
    stop: undefined,
  };
}

const configRetry = 1000;
const startRetry = 10_000;

/** A missing image waits as crashes do; a missing ConfigMap or Secret may appear at any moment and costs little to look for. */
function block(
  container: ContainerRecord,
  fact: Extract<ContainerFact, { kind: 'startBlocked' }>,
  now: number,
): ContainerRecord {
  const { reason, message } = fact;
  if (reason !== 'ErrImagePull') {
    const retryAt = now + (reason === 'CreateContainerConfigError' ? configRetry : startRetry);
    return { ...container, state: { kind: 'blocked', reason, message, since: now, retryAt } };
  }
  const imageBackOff = nextBackOff(activeBackOff(container.imageBackOff, now), now, now);
  const state: Blocked = { kind: 'blocked', reason, message, since: now, retryAt: now + imageBackOff.milliseconds };
  return { ...container, imageBackOff, state };
}

function toFailed(fact: Extract<ContainerFact, { kind: 'startFailed' }>, now: number): Terminated {
  const { containerId, exitCode, message } = fact;
  return {
    kind: 'terminated',
    containerId,
    exitCode,
    reason: 'StartError',
    message,
    startedAt: undefined,
    finishedAt: now,
    waitsAs: 'RunContainerError',
    backOffReported: false,
  };
}

type RunningFact = Exclude<
  ContainerFact,
  { kind: 'containerStarted' | 'startAbandoned' | 'startBlocked' | 'startFailed' }
>;

/** Facts of an instance before this one come too late and change nothing. */
function advanceRunning(container: ContainerRecord, state: Running, fact: RunningFact): ContainerRecord {
  const containerId = fact.kind === 'containerExited' ? fact.exit.containerId : fact.containerId;
  if (containerId !== state.containerId) return container;
  switch (fact.kind) {
    case 'containerExited':
      return { ...container, state: toTerminated(state, fact.exit, fact.message) };
    case 'postStartDone':
      return { ...container, state: { ...state, postStart: 'done', fault: fact.success ? state.fault : 'postStart' } };
    case 'preStopDone':
      return { ...container, state: { ...state, stop: state.stop && { ...state.stop, preStop: 'done' } } };
    case 'probed':
      return { ...container, state: withProbe(state, fact) };
  }
}

function withProbe(state: Running, { probe, success }: Extract<ContainerFact, { kind: 'probed' }>): Running {
  switch (probe) {
    case 'startup':
      return success ? { ...state, startupPassed: true } : { ...state, fault: state.fault ?? 'startup' };
    case 'readiness':
      return { ...state, readinessPassed: success };
    case 'liveness':
      return success ? state : { ...state, fault: state.fault ?? 'liveness' };
  }
}

function toTerminated(state: Running, exit: ContainerExit, message: string | undefined): Terminated {
  return {
    kind: 'terminated',
    containerId: state.containerId,
    exitCode: exit.exitCode,
    reason: exit.oomKilled ? 'OOMKilled' : exit.exitCode === 0 ? 'Completed' : 'Error',
    message,
    startedAt: state.startedAt,
    finishedAt: exit.finishedAt,
    waitsAs: state.fault === 'postStart' ? 'PostStartHookError' : undefined,
    backOffReported: false,
  };
}
