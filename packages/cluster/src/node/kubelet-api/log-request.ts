/** Which log `containerLogs` asks for. */
import { isFlagSet } from '@slipway/kube/query-flag';
import { StatusError } from '@slipway/kube/status-error';
import { invalidObject } from '../../api/api-errors.ts';
import { forbidden, invalid } from '../../schema/faults.ts';
import type { Fault } from '../../schema/definition.ts';
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

/**
 * The options of a request's query. Throws a `BadRequest` for what cannot be read, and an `Invalid` with every fault of what
 * can, as of an object `PodLogOptions` with the pod's name.
 */
export function parseLogOptions(
  query: URLSearchParams,
  { pod, signal, now }: { readonly pod: string; readonly signal: AbortSignal; readonly now: number },
): LogOptions {
  const sinceSeconds = parseCount(query, 'sinceSeconds');
  const tailLines = parseCount(query, 'tailLines');
  const limitBytes = parseCount(query, 'limitBytes');
  const sinceTime = parseTime(query, 'sinceTime');
  const faults = judge({ sinceSeconds, sinceTime, tailLines, limitBytes });
  if (faults.length > 0) throw invalidObject(logOptions, pod, faults);
  return {
    follow: isFlagSet(query, 'follow'),
    timestamps: isFlagSet(query, 'timestamps'),
    tailLines,
    limitBytes,
    since: sinceSeconds === undefined ? sinceTime : now - sinceSeconds * 1000,
    signal,
  };
}

const logOptions = { group: '', plural: 'podlogoptions', kind: 'PodLogOptions' };
const atLeastOne = 'must be greater than 0';

type Amounts = Record<'sinceSeconds' | 'sinceTime' | 'tailLines' | 'limitBytes', number | undefined>;

function judge({ sinceSeconds, sinceTime, tailLines, limitBytes }: Amounts): readonly Fault[] {
  const faults: Fault[] = [];
  if (tailLines !== undefined && tailLines < 0)
    faults.push(invalid('tailLines', tailLines, 'must be greater than or equal to 0'));
  if (limitBytes !== undefined && limitBytes < 1) faults.push(invalid('limitBytes', limitBytes, atLeastOne));
  if (sinceSeconds !== undefined && sinceTime !== undefined)
    faults.push(forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  else if (sinceSeconds !== undefined && sinceSeconds < 1)
    faults.push(invalid('sinceSeconds', sinceSeconds, atLeastOne));
  return faults;
}

function parseCount(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw new StatusError('BadRequest', `${name}: "${text}" must be a whole number`);
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
