/**
 * What the node agent knows of one pod: the object as the API has it and what became of its sandbox, volumes and
 * containers. A record is a value; `advance` (pod-facts.ts) makes the next one from a fact, `reconcilePod` decides what to do about it.
 */
import type { Container, Pod } from '@slipway/kube/api.generated';
import type { Sandbox } from '../runtime.ts';

export interface PodRecord {
  readonly pod: Pod;
  /** When this node first saw the pod; milliseconds since the epoch, as all times here. */
  readonly startTime: number;
  /** The API no longer has it. */
  readonly gone: boolean;
  readonly volumes: VolumesState;
  readonly sandbox: SandboxState;
  /** Init containers first and ephemeral ones last, each kind in the order of the spec. */
  readonly containers: readonly ContainerRecord[];
  /** Why the pod must leave: it takes more than it may. */
  readonly overLimit: string | undefined;
  readonly termination: Termination | undefined;
  readonly finalising: boolean;
}

export type VolumesState =
  | { readonly kind: 'absent' | 'preparing' | 'ready'; readonly failures: number }
  | { readonly kind: 'failed'; readonly failures: number; readonly retryAt: number };

export type SandboxState =
  | { readonly kind: 'absent' | 'creating'; readonly failures: number }
  | { readonly kind: 'failed'; readonly failures: number; readonly retryAt: number }
  | { readonly kind: 'ready' | 'removing' | 'removed'; readonly sandbox: Sandbox | undefined };

/** `ephemeral`: added to the pod while it runs, to look into it; it decides nothing about the pod. */
export type ContainerRole = 'init' | 'sidecar' | 'main' | 'ephemeral';

export function comesBeforeMain({ role }: { readonly role: ContainerRole }): boolean {
  return role === 'init' || role === 'sidecar';
}

export interface ContainerRecord {
  readonly name: string;
  readonly role: ContainerRole;
  /** Instances before the current one, or before the next one where none runs or has just ended. */
  readonly restartCount: number;
  readonly state: ContainerState;
  /** How the instance before ended. */
  readonly last: Terminated | undefined;
  readonly imageId: string;
  /** Of crashes: what the next one has to wait. Absent until the first restart. */
  readonly crashBackOff: BackOff | undefined;
  readonly imageBackOff: BackOff | undefined;
}

export interface BackOff {
  readonly milliseconds: number;
  readonly updatedAt: number;
}

export type ContainerState = SettledState | Starting;

/** What is shown of a container. */
export type SettledState = Waiting | Blocked | Running | Terminated;

export interface Waiting {
  readonly kind: 'waiting';
}

/** An instance is being made. Until it runs, the container is shown as it was. */
export interface Starting {
  readonly kind: 'starting';
  readonly before: Waiting | Blocked | Terminated;
}

/** An attempt to start failed before anything ran. */
export interface Blocked {
  readonly kind: 'blocked';
  readonly reason: string;
  readonly message: string;
  readonly since: number;
  readonly retryAt: number;
}

export interface Running {
  readonly kind: 'running';
  readonly containerId: string;
  readonly startedAt: number;
  /** As the spec had it when it started. */
  readonly image: string;
  readonly postStart: 'due' | 'running' | 'done';
  /** Passed its startup probe, or has none. */
  readonly startupPassed: boolean;
  /** Passed its readiness probe, or has none. */
  readonly readinessPassed: boolean;
  /** Why it must be replaced. */
  readonly fault: ContainerFault | undefined;
  readonly stop: Stop | undefined;
}

export type ContainerFault = 'startup' | 'liveness' | 'postStart';

/** A stop under way: preStop, then SIGTERM, then SIGKILL. */
export interface Stop {
  /** When the grace period ends, which preStop and SIGTERM share. */
  readonly deadline: number;
  readonly preStop: 'due' | 'running' | 'done';
  readonly termAt: number | undefined;
  readonly killed: boolean;
}

export interface Terminated {
  readonly kind: 'terminated';
  readonly containerId: string | undefined;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string | undefined;
  readonly startedAt: number | undefined;
  readonly finishedAt: number;
  /** What the container waits with until its next instance is made, if it did not get as far as a start counts. */
  readonly waitsAs: 'RunContainerError' | 'PostStartHookError' | undefined;
  /** The wait before the next instance has been announced. */
  readonly backOffReported: boolean;
}

export interface Termination {
  readonly reason: 'deleted' | 'completed' | 'deadlineExceeded' | 'evicted' | 'shutdown';
  readonly startedAt: number;
  /** The shortest grace that was asked for. */
  readonly graceSeconds: number;
  readonly deadline: number;
  /** Whether service proxies and gateways have stopped sending to it. */
  readonly endpoints: 'unasked' | 'waiting' | 'gone';
}

/** The state as it is shown. */
export function settledState({ state }: ContainerRecord): SettledState {
  return state.kind === 'starting' ? state.before : state;
}

export function containerSpecs(pod: Pod): ReadonlyArray<{ readonly role: ContainerRole; readonly spec: Container }> {
  const init = (pod.spec?.initContainers ?? []).map((spec) => ({
    role: spec.restartPolicy === 'Always' ? ('sidecar' as const) : ('init' as const),
    spec,
  }));
  const main = (pod.spec?.containers ?? []).map((spec) => ({ role: 'main' as const, spec }));
  return [
    ...init,
    ...main,
    ...(pod.spec?.ephemeralContainers ?? []).map((spec) => ({ role: 'ephemeral' as const, spec })),
  ];
}

export function specOf(pod: Pod, name: string): Container | undefined {
  return containerSpecs(pod).find(({ spec }) => spec.name === name)?.spec;
}

function newContainerRecord(name: string, role: ContainerRole): ContainerRecord {
  return {
    name,
    role,
    restartCount: 0,
    state: { kind: 'waiting' },
    last: undefined,
    imageId: '',
    crashBackOff: undefined,
    imageBackOff: undefined,
  };
}

/** The pod as it is now, with ephemeral containers that have come to it: all others it has from its beginning. */
export function withPod(record: PodRecord, pod: Pod): PodRecord {
  const known = new Set(record.containers.map(({ name }) => name));
  const added = containerSpecs(pod).filter(({ spec }) => !known.has(spec.name));
  if (added.length === 0) return { ...record, pod };
  const containers = [...record.containers, ...added.map(({ role, spec }) => newContainerRecord(spec.name, role))];
  return { ...record, pod, containers };
}

/** Whose processes an ephemeral container is to see. */
export type Target =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly containerId: string }
  | { readonly kind: 'missing'; readonly name: string };

export function targetOf({ pod, containers }: PodRecord, container: string): Target {
  const name = pod.spec?.ephemeralContainers?.find((each) => each.name === container)?.targetContainerName ?? '';
  if (name === '') return { kind: 'none' };
  const state = containers.find((each) => each.name === name)?.state;
  return state?.kind === 'running' ? { kind: 'running', containerId: state.containerId } : { kind: 'missing', name };
}

/** A pod that this node has not seen before. */
export function newPodRecord(pod: Pod, now: number): PodRecord {
  return {
    pod,
    startTime: now,
    gone: false,
    volumes: { kind: 'absent', failures: 0 },
    sandbox: { kind: 'absent', failures: 0 },
    containers: containerSpecs(pod).map(({ role, spec }) => newContainerRecord(spec.name, role)),
    overLimit: undefined,
    termination: undefined,
    finalising: false,
  };
}

export function sandboxOf(record: PodRecord): Sandbox | undefined {
  return 'sandbox' in record.sandbox ? record.sandbox.sandbox : undefined;
}

/** Unique on the node, and parsed again by `parseContainerId`: names cannot contain an underscore. */
export function containerIdFor(podUid: string, name: string, attempt: number): string {
  return `${podUid}_${name}_${attempt}`;
}

export interface ContainerInstance {
  readonly podUid: string;
  readonly name: string;
  readonly attempt: number;
}

export function parseContainerId(containerId: string): ContainerInstance | undefined {
  const [podUid, name, attempt, ...rest] = containerId.split('_');
  if (podUid === undefined || name === undefined || attempt === undefined || rest.length > 0) return undefined;
  return /^\d+$/.test(attempt) ? { podUid, name, attempt: Number(attempt) } : undefined;
}

/** `name_namespace(uid)`: how messages of the kubelet name a pod. */
export function describePod(pod: Pod): string {
  return `${pod.metadata.name ?? ''}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid ?? ''})`;
}
