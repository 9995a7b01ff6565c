import type { ReleaseStatus } from '../api/release.ts';

/** What a release waits for, in as many words as there are: the sentence beside it in the status says the rest. */
export const waitingReasons = [
  'Person',
  'HealthGate',
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
  if (replicas !== undefined && replicas.ready < replicas.desired) return 'Pods';
  if (gates.some(({ endedAt }) => endedAt === undefined)) return 'HealthGate';
  if (split?.confirmed === false) return 'TrafficConfirmation';
  if (checks.some(({ endedAt }) => endedAt === undefined)) return 'Check';
  return stepSince === undefined ? 'Progress' : 'StepTime';
}
