/** Which log `containerLogs` asks for. */
import { isFlagSet } from '@slipway/kube/query-flag';
import { StatusError } from '@slipway/kube/status-error';
import { defaultWaitingReason } from '../agent/container-status.ts';
import {
  settledState,
  specOf,
  type ContainerInstance,
  type ContainerRecord,
  type PodRecord,
  parseContainerId,
} from '../agent/pod-record.ts';
import type { LogOptions } from '../logs/log-reader.ts';

/** The options of a request's query; throws a `BadRequest` that names the parameter. */
export function parseLogOptions(
  query: URLSearchParams,
  { signal, now }: { readonly signal: AbortSignal; readonly now: number },
): LogOptions {
  const sinceSeconds = parseCount(query, 'sinceSeconds');
  return {
    follow: isFlagSet(query, 'follow'),
    timestamps: isFlagSet(query, 'timestamps'),
    tailLines: parseCount(query, 'tailLines'),
    limitBytes: parseCount(query, 'limitBytes'),
    since: sinceSeconds === undefined ? parseTime(query, 'sinceTime') : now - sinceSeconds * 1000,
    signal,
  };
}

function parseCount(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^\d+$/.test(text))
    throw new StatusError('BadRequest', `${name}: "${text}" must be a whole number of 0 or more`);
  return Number(text);
}

function parseTime(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new StatusError('BadRequest', `${name}: "${text}" is not a time; expected the form 2006-01-02T15:04:05Z`);
  return time;
}

/** The instance whose log is meant, as the kubelet chooses it; throws a `BadRequest` in its words if there is none. */
export function selectInstance(
  record: PodRecord,
  name: string,
  { previous }: { readonly previous: boolean },
): ContainerInstance {
  const pod = record.pod.metadata.name ?? '';
  const container = record.containers.find((each) => each.name === name);
  if (container === undefined || specOf(record.pod, name) === undefined) {
    throw new StatusError('BadRequest', `container ${name} is not valid for pod ${pod}`);
  }
  const containerId = previous ? previousId(container) : currentId(container);
  const instance = containerId === undefined ? undefined : parseContainerId(containerId);
  if (instance !== undefined) return instance;
  if (previous)
    throw new StatusError('BadRequest', `previous terminated container "${name}" in pod "${pod}" not found`);
  throw new StatusError(
    'BadRequest',
    `container "${name}" in pod "${pod}" is waiting to start: ${whyWaiting(record, container)}`,
  );
}

function currentId(container: ContainerRecord): string | undefined {
  const { last } = container;
  const state = settledState(container);
  return state.kind === 'running' || state.kind === 'terminated' ? state.containerId : last?.containerId;
}

/** What waits for its next attempt is shown as its own last state. */
function previousId(container: ContainerRecord): string | undefined {
  const { last } = container;
  const state = settledState(container);
  return state.kind === 'terminated' && state.backOffReported ? state.containerId : last?.containerId;
}

function whyWaiting(record: PodRecord, container: ContainerRecord): string {
  const state = settledState(container);
  if (state.kind !== 'blocked') return defaultWaitingReason(record);
  if (state.reason === 'ErrImagePull') return "image can't be pulled";
  return state.reason === 'ImagePullBackOff' ? 'trying and failing to pull image' : state.reason;
}
