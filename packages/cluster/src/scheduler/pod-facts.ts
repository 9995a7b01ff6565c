import type { Node, Pod } from '@slipway/kube/api.generated';
import { findCondition } from '@slipway/kube/conditions';

const schedulerName = 'default-scheduler';

export function isAssigned({ spec }: Pod): boolean {
  return (spec?.nodeName ?? '') !== '';
}

/** Holds nothing of its node any more. */
export function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Has no node, wants one, and wants it from this scheduler. */
export function isWaiting(pod: Pod): boolean {
  const isOurs = (pod.spec?.schedulerName ?? schedulerName) === schedulerName;
  const isGated = (pod.spec?.schedulingGates ?? []).length > 0;
  return isOurs && !isGated && !isAssigned(pod) && !isFinished(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** What is written into the status of a pod that found no node is no reason to try it again. */
export function hasOtherDemands(old: Pod | undefined, current: Pod): boolean {
  const demands = ({ spec, metadata }: Pod): string => JSON.stringify([metadata.uid, spec, metadata.labels]);
  return old === undefined || demands(old) !== demands(current);
}

/** Heartbeats change nothing for a pod that found no room. */
export function mayMakeRoom(old: Node | undefined, current: Node): boolean {
  const facts = ({ metadata, spec, status }: Node): string => {
    const ready = findCondition(status?.conditions, 'Ready')?.status;
    return JSON.stringify([metadata.labels, spec?.taints, spec?.unschedulable, status?.allocatable, ready]);
  };
  return old === undefined || facts(old) !== facts(current);
}
