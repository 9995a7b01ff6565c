import type { ReleaseStatus } from '../api/release.ts';
import { isOfHook } from '../hooks/hook-gates.ts';

/** What a release waits for, in as many words as there are: the sentence beside it in the status says the rest. */
export const waitingReasons = [
  'Person',
  'HealthGate',
  'Hook',
  'Check',
  'Pods',
  'TrafficConfirmation',
  'StepTime',
  'Guard',
  'OtherRelease',
  'Progress',
] as const;
export type WaitingReason = (typeof waitingReasons)[number];

/** Undefined: it waits for nothing. */
export function waitingReason(status: ReleaseStatus): WaitingReason | undefined {
  if (status.phase === 'Paused') return 'Person';
  if (status.waitingFor === undefined) return undefined;
  if (status.phase === 'Pending') return 'OtherRelease';
  if (status.phase === 'Guarding') return 'Guard';
  return reasonUnderWay(status);
}

/** The first that is open, in the order in which a step needs them: pods, their health, traffic, time. */
function reasonUnderWay({ replicas, gates = [], checks = [], split, stepSince }: ReleaseStatus): WaitingReason {
  const isHeld = gates.some((gate) => isOfHook(gate) && gate.endedAt === undefined);
  if (isHeld) return 'Hook';
  if (replicas !== undefined && replicas.ready < replicas.desired) return 'Pods';
  if (gates.some(({ endedAt }) => endedAt === undefined)) return 'HealthGate';
  if (split?.confirmed === false) return 'TrafficConfirmation';
  if (checks.some(({ endedAt }) => endedAt === undefined)) return 'Check';
  return stepSince === undefined ? 'Progress' : 'StepTime';
}
