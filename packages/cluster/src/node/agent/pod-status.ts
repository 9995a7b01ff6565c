import type { PodStatus } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { calculateContainerStatus, type StatusCircumstances } from './container-status.ts';
import { calculateConditions } from './pod-conditions.ts';
import { calculatePhase, hasEnded, isFailing } from './pod-phase.ts';
import { comesBeforeMain, sandboxOf, settledState, type PodRecord } from './pod-record.ts';
import { calculateQosClass } from './qos-class.ts';

export interface PodStatusCircumstances extends StatusCircumstances {
  /** Known before the pod has a sandbox. */
  readonly nodeIP: string;
  /** What was reported last. */
  readonly reported: PodStatus | undefined;
}

/** The status of a pod as the kubelet reports it. */
export function calculatePodStatus(record: PodRecord, when: PodStatusCircumstances): PodStatus {
  const phase = calculatePhase(record);
  const init = record.containers.filter(comesBeforeMain);
  const ephemeral = record.containers.filter(({ role }) => role === 'ephemeral');
  const main = record.containers.filter(({ role }) => role === 'main');
  const statuses = (containers: PodRecord['containers']) =>
    containers.map((container) => calculateContainerStatus(record, container, when));
  return {
    phase,
    ...explain(record),
    // It takes no requests any more, though it still runs.
    conditions: calculateConditions(record, {
      phase: isFailing(record) ? 'Failed' : phase,
      reported: when.reported?.conditions,
      now: when.now,
    }),
    ...addresses(record, when.nodeIP),
    startTime: formatTime(record.startTime),
    ...(init.length === 0 ? {} : { initContainerStatuses: statuses(init) }),
    containerStatuses: statuses(main),
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: statuses(ephemeral) }),
    qosClass: record.pod.status?.qosClass ?? calculateQosClass(record.pod),
  };
}

/** Whether its status would say no more than that the node has begun with it. */
export function isBeginning({ containers, overLimit, sandbox, termination, volumes }: PodRecord): boolean {
  if (termination !== undefined || overLimit !== undefined) return false;
  if (volumes.kind === 'failed' || sandbox.kind === 'failed') return false;
  return containers.every((container) => {
    const { kind } = settledState(container);
    return kind === 'waiting' && container.last === undefined;
  });
}

function explain(record: PodRecord): Pick<PodStatus, 'reason' | 'message'> {
  const end = hasEnded(record) ? record.termination?.reason : undefined;
  if (end === 'deadlineExceeded')
    return { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' };
  if (end === 'evicted') return { reason: 'Evicted', message: record.overLimit ?? '' };
  const { reason, message } = record.pod.status ?? {};
  return { ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) };
}

function addresses(record: PodRecord, nodeIP: string): Pick<PodStatus, 'hostIP' | 'hostIPs' | 'podIP' | 'podIPs'> {
  const sandbox = sandboxOf(record);
  const hostIP = nodeIP === '' ? (sandbox?.hostIP ?? '') : nodeIP;
  const host = hostIP === '' ? {} : { hostIP, hostIPs: [{ ip: hostIP }] };
  const podIP = sandbox?.podIP ?? record.pod.status?.podIP;
  return podIP === undefined || podIP === '' ? host : { ...host, podIP, podIPs: [{ ip: podIP }] };
}
