/** The conditions that the kubelet owns. Others, such as PodScheduled and those of readiness gates, belong to their writers. */
import type { Pod, PodCondition, PodPhase } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { isInitialized, isReady } from './container-readiness.ts';
import { comesBeforeMain, type ContainerRecord, type PodRecord } from './pod-record.ts';

interface Verdict {
  readonly status: 'True' | 'False';
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export interface ConditionCircumstances {
  readonly phase: PodPhase;
  /** What was reported last: the API's view may lag behind, and times of transition must not move. */
  readonly reported: readonly PodCondition[] | undefined;
  readonly now: number;
}

const yes: Verdict = { status: 'True' };

export function calculateConditions(
  record: PodRecord,
  { phase, reported, now }: ConditionCircumstances,
): readonly PodCondition[] {
  const before = reported ?? record.pod.status?.conditions ?? [];
  const containersReady = judgeContainersReady(record, phase);
  const verdicts: ReadonlyMap<string, Verdict> = new Map([
    ['PodReadyToStartContainers', record.sandbox.kind === 'ready' ? yes : { status: 'False' }],
    ['Initialized', judgeInitialized(record, phase)],
    ['Ready', judgeReady(record.pod, containersReady)],
    ['ContainersReady', containersReady],
  ]);
  return [...verdicts].map(([type, verdict]) => toCondition(type, verdict, { before, now }));
}

function toCondition(
  type: string,
  verdict: Verdict,
  { before, now }: { readonly before: readonly PodCondition[]; readonly now: number },
): PodCondition {
  const old = before.find((condition) => condition.type === type);
  const kept = old?.status === verdict.status ? old.lastTransitionTime : undefined;
  return {
    type,
    status: verdict.status,
    ...(verdict.reason === undefined ? {} : { reason: verdict.reason }),
    ...(verdict.message === undefined ? {} : { message: verdict.message }),
    lastTransitionTime: kept ?? formatTime(now),
  };
}

function judgeInitialized(record: PodRecord, phase: PodPhase): Verdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  const init = record.containers.filter(comesBeforeMain);
  const incomplete = init.filter((container) => !isInitialized(record, container));
  if (incomplete.length === 0) return yes;
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: ${nameList(incomplete)}`,
  };
}

function judgeContainersReady(record: PodRecord, phase: PodPhase): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const asked = record.containers.filter(({ role }) => role === 'main' || role === 'sidecar');
  const unready = asked.filter((container) => !isReady(record, container));
  if (unready.length === 0) return yes;
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: ${nameList(unready)}`,
  };
}

function nameList(containers: readonly ContainerRecord[]): string {
  return `[${containers.map(({ name }) => name).join(' ')}]`;
}

function judgeReady(pod: Pod, containersReady: Verdict): Verdict {
  if (containersReady.status === 'False') return containersReady;
  const faults = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (found === undefined)
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (found.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`];
  });
  return faults.length === 0 ? yes : { status: 'False', reason: 'ReadinessGatesNotReady', message: faults.join(', ') };
}
