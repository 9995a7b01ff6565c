import type { Pod } from '@slipway/kube/api.generated';
import { matchesNodeAffinity } from './node-affinity.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodDemand } from './pod-demand.ts';
import type { Relations } from './pod-relations.ts';
import type { Refusal } from './refusal.ts';
import { isTolerated } from './tolerations.ts';

type Filter = (candidate: Candidate) => Refusal | undefined;

export interface Candidate {
  readonly pod: Pod;
  readonly demand: PodDemand;
  readonly info: NodeInfo;
  /** What other pods mean to this one: together with some, apart from others, evenly spread. */
  readonly relations: readonly Relations[];
}

const unschedulableTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;

/** The first that refuses decides, cheap ones first. */
const filters: readonly Filter[] = [
  refuseUnschedulable,
  refuseTainted,
  refuseByAffinity,
  refuseByPorts,
  refuseBySize,
  refuseByRelations,
];

export function filterNode(candidate: Candidate): Refusal | undefined {
  for (const filter of filters) {
    const refusal = filter(candidate);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function refuseUnschedulable({ pod, info }: Candidate): Refusal | undefined {
  if (info.node?.spec?.unschedulable !== true || isTolerated(unschedulableTaint, pod.spec?.tolerations)) {
    return undefined;
  }
  return { reasons: ['node(s) were unschedulable'], isResolvable: false };
}

function refuseTainted({ pod, info }: Candidate): Refusal | undefined {
  const taint = info.taints.find(
    (each) => each.effect !== 'PreferNoSchedule' && !isTolerated(each, pod.spec?.tolerations),
  );
  if (taint === undefined) return undefined;
  const reason = `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
  return { reasons: [reason], isResolvable: false };
}

function refuseByAffinity({ pod, info }: Candidate): Refusal | undefined {
  if (info.node === undefined || matchesNodeAffinity(pod, info.node)) return undefined;
  return { reasons: ["node(s) didn't match Pod's node affinity/selector"], isResolvable: false };
}

function refuseByPorts({ demand, info }: Candidate): Refusal | undefined {
  if (demand.hostPorts.length === 0) return undefined;
  const isTaken = [...info.hostPorts].some((taken) => demand.hostPorts.some((port) => isSamePort(taken, port)));
  if (!isTaken) return undefined;
  return { reasons: ["node(s) didn't have free ports for the requested pod ports"], isResolvable: true };
}

function refuseByRelations({ relations, info }: Candidate): Refusal | undefined {
  for (const each of relations) {
    const refusal = each.refuse(info);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** The address 0.0.0.0 takes the port on every address. */
function isSamePort(a: string, b: string): boolean {
  const [protocolA, addressA, portA] = a.split('/');
  const [protocolB, addressB, portB] = b.split('/');
  const isSameAddress = addressA === addressB || addressA === '0.0.0.0' || addressB === '0.0.0.0';
  return protocolA === protocolB && portA === portB && isSameAddress;
}

function refuseBySize({ demand, info }: Candidate): Refusal | undefined {
  const reasons: string[] = [];
  let couldEverFit = true;
  if (info.podCount + 1 > info.allocatable('pods')) reasons.push('Too many pods');
  for (const [resource, amount] of demand.requests) {
    if (amount === 0 || amount <= info.allocatable(resource) - info.requested(resource)) continue;
    reasons.push(`Insufficient ${resource}`);
    if (amount > info.allocatable(resource)) couldEverFit = false;
  }
  return reasons.length === 0 ? undefined : { reasons, isResolvable: couldEverFit };
}
