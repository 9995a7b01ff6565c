/** How a record changes: by what the agent begins to do (`begin`) and by what it then hears (`advance`). Both are pure. */
import type { Pod } from '@slipway/kube/api.generated';
import type { Sandbox } from '../runtime.ts';
import { advanceContainer, type ContainerFact } from './container-facts.ts';
import type { PodAction } from './pod-plan.ts';
import { specOf, withPod, type ContainerRecord, type PodRecord, type Stop, type Termination } from './pod-record.ts';

export type PodFact =
  | { readonly kind: 'podChanged'; readonly pod: Pod }
  | { readonly kind: 'podGone' }
  | { readonly kind: 'volumesReady' }
  | { readonly kind: 'volumesFailed' }
  | { readonly kind: 'sandboxReady'; readonly sandbox: Sandbox }
  | { readonly kind: 'sandboxFailed' }
  | { readonly kind: 'sandboxRemoved' }
  | { readonly kind: 'endpointsGone' }
  | { readonly kind: 'overLimit'; readonly message: string }
  | { readonly kind: 'nodeShutdown'; readonly graceSeconds: number }
  | ContainerFact;

export function advance(record: PodRecord, fact: PodFact, now: number): PodRecord {
  switch (fact.kind) {
    case 'podChanged':
      return withPod(record, fact.pod);
    case 'podGone':
      return { ...record, gone: true };
    case 'volumesReady':
      return { ...record, volumes: { kind: 'ready', failures: 0 } };
    case 'volumesFailed': {
      const failures = record.volumes.failures + 1;
      return { ...record, volumes: { kind: 'failed', failures, retryAt: now + calculateRetry(failures) } };
    }
    case 'sandboxReady':
      return { ...record, sandbox: { kind: 'ready', sandbox: fact.sandbox } };
    case 'sandboxFailed': {
      const failures = ('failures' in record.sandbox ? record.sandbox.failures : 0) + 1;
      return { ...record, sandbox: { kind: 'failed', failures, retryAt: now + calculateRetry(failures) } };
    }
    case 'sandboxRemoved':
      return { ...record, sandbox: { ...record.sandbox, kind: 'removed', sandbox: sandboxBefore(record) } };
    case 'endpointsGone':
      return withTermination(record, (termination) => ({ ...termination, endpoints: 'gone' }));
    case 'overLimit':
      return { ...record, overLimit: record.overLimit ?? fact.message };
    case 'nodeShutdown':
      return beginTermination(record, 'shutdown', { graceSeconds: fact.graceSeconds, now });
    default:
      return {
        ...record,
        containers: record.containers.map((container) => advanceContainer(record, container, { fact, now })),
      };
  }
}

/** 0.5, 1, 2, 4, 8 and then every 10 seconds: what is missing may be created at any moment. */
function calculateRetry(failures: number): number {
  return Math.min(500 * 2 ** (failures - 1), 10_000);
}

function sandboxBefore(record: PodRecord): Sandbox | undefined {
  return 'sandbox' in record.sandbox ? record.sandbox.sandbox : undefined;
}

function withTermination(record: PodRecord, change: (termination: Termination) => Termination): PodRecord {
  return record.termination === undefined ? record : { ...record, termination: change(record.termination) };
}

function beginTermination(
  record: PodRecord,
  reason: Termination['reason'],
  { graceSeconds, now }: { readonly graceSeconds: number; readonly now: number },
): PodRecord {
  const deadline = now + graceSeconds * 1000;
  const before = record.termination;
  const termination: Termination =
    before === undefined
      ? { reason, startedAt: now, graceSeconds, deadline, endpoints: 'unasked' }
      : { ...before, reason, graceSeconds, deadline: Math.min(before.deadline, deadline) };
  return { ...record, termination };
}

/** Marks an action as begun, so that it is not planned again. */
export function begin(record: PodRecord, action: PodAction, now: number): PodRecord {
  switch (action.kind) {
    case 'prepareVolumes':
      return { ...record, volumes: { kind: 'preparing', failures: record.volumes.failures } };
    case 'createSandbox':
      return {
        ...record,
        sandbox: { kind: 'creating', failures: 'failures' in record.sandbox ? record.sandbox.failures : 0 },
      };
    case 'removeSandbox':
      return { ...record, sandbox: { kind: 'removing', sandbox: sandboxBefore(record) } };
    case 'terminatePod':
      return beginTermination(record, action.reason, { graceSeconds: action.graceSeconds, now });
    case 'awaitEndpointsGone':
      return withTermination(record, (termination) => ({ ...termination, endpoints: 'waiting' }));
    case 'finalise':
      return { ...record, finalising: true };
    default:
      return withContainer(record, action.name, (container) => beginOfContainer(record, container, { action, now }));
  }
}

function withContainer(
  record: PodRecord,
  name: string,
  change: (container: ContainerRecord) => ContainerRecord,
): PodRecord {
  return { ...record, containers: record.containers.map((each) => (each.name === name ? change(each) : each)) };
}

type ContainerAction = Extract<PodAction, { readonly name: string }>;

function beginOfContainer(
  record: PodRecord,
  container: ContainerRecord,
  { action, now }: { readonly action: ContainerAction; readonly now: number },
): ContainerRecord {
  const { state } = container;
  switch (action.kind) {
    case 'startContainer':
      return beginStart(container, action.attempt);
    case 'reportCrashBackOff':
      return state.kind === 'terminated' ? { ...container, state: { ...state, backOffReported: true } } : container;
    case 'reportImageBackOff':
      return state.kind === 'blocked' ? { ...container, state: toImageBackOff(record, container, state) } : container;
    default:
      return state.kind === 'running'
        ? { ...container, state: beginOfRunning(record, state, { action, now }) }
        : container;
  }
}

function beginStart(container: ContainerRecord, attempt: number): ContainerRecord {
  const { state } = container;
  if (state.kind === 'starting' || state.kind === 'running') return container;
  return { ...container, restartCount: attempt, state: { kind: 'starting', before: state } };
}

function toImageBackOff(
  record: PodRecord,
  container: ContainerRecord,
  state: Extract<ContainerRecord['state'], { kind: 'blocked' }>,
): ContainerRecord['state'] {
  const image = specOf(record.pod, container.name)?.image ?? '';
  return {
    ...state,
    reason: 'ImagePullBackOff',
    message: `Back-off pulling image "${image}": ${state.reason}: ${state.message}`,
  };
}

type RunningAction = Exclude<
  ContainerAction,
  { readonly kind: 'startContainer' | 'reportCrashBackOff' | 'reportImageBackOff' }
>;
type RunningState = Extract<ContainerRecord['state'], { readonly kind: 'running' }>;

function beginOfRunning(
  record: PodRecord,
  state: RunningState,
  { action, now }: { readonly action: RunningAction; readonly now: number },
): RunningState {
  switch (action.kind) {
    case 'runPostStart':
      return { ...state, postStart: 'running' };
    case 'stopContainer': {
      const hasPreStop = specOf(record.pod, action.name)?.lifecycle?.preStop !== undefined;
      const preStop = hasPreStop ? 'due' : 'done';
      return { ...state, stop: { deadline: action.deadline, preStop, termAt: undefined, killed: false } };
    }
    case 'runPreStop':
      return { ...state, stop: state.stop && { ...state.stop, preStop: 'running' } };
    case 'signalContainer':
      return { ...state, stop: state.stop && withSignal(state.stop, action.signal, now) };
  }
}

function withSignal(stop: Stop, signal: 'SIGTERM' | 'SIGKILL', now: number): Stop {
  return signal === 'SIGTERM' ? { ...stop, termAt: now } : { ...stop, killed: true };
}
