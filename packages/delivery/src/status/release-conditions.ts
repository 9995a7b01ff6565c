/** What is said of a Release in conditions. */
import type { DeliveryCondition } from '../api/condition.ts';
import { isFinished, type Release, type ReleaseStatus } from '../api/release.ts';
import { replicasOf, type Observation, type VersionView } from '../observation.ts';
import { conditionsFrom, finding, hasFailed, type Finding } from './conditions.ts';

export interface ReleaseConditionInput {
  readonly release: Release;
  /** As it will be. */
  readonly status: ReleaseStatus;
  readonly view: VersionView;
  readonly observation: Observation;
  readonly now: number;
}

export function releaseConditions(input: ReleaseConditionInput): readonly DeliveryCondition[] {
  const { release, status, now } = input;
  return conditionsFrom(status.conditions, findings(input), { generation: release.metadata.generation, now });
}

function findings(input: ReleaseConditionInput): readonly Finding[] {
  const { phase, waitingFor, servedUntil } = input.status;
  const isMoving = !isFinished(phase) && phase !== 'Paused' && phase !== 'Pending';
  const isReplaced = phase === 'Succeeded' && servedUntil !== undefined;
  const isLive = phase === 'Guarding' || (phase === 'Succeeded' && !isReplaced);
  return [
    findAvailable(input),
    finding('Progressing', isMoving, {
      reason: phase,
      message: waitingFor === undefined ? '' : `waits for ${waitingFor}`,
    }),
    finding('Paused', phase === 'Paused', { reason: phase }),
    finding('Promoted', isLive, { reason: isReplaced ? 'Replaced' : phase }),
    findFailed(input.status),
  ];
}

function findAvailable({ status: { phase, servedUntil }, view, observation }: ReleaseConditionInput): Finding {
  const isGone = isFinished(phase) && (phase !== 'Succeeded' || servedUntil !== undefined);
  if (isGone) return finding('Available', false, { reason: phase });
  const replicas = replicasOf(observation);
  const ready = view.ready.length;
  const isEnough = replicas > 0 && ready >= replicas;
  const reason = isEnough ? 'PodsReady' : 'PodsMissing';
  return finding('Available', isEnough, { reason, message: `${ready} of ${replicas} pods are ready` });
}

function findFailed(status: ReleaseStatus): Finding {
  return hasFailed(status)
    ? finding('Failed', true, { reason: status.phase, message: status.ending?.reason })
    : finding('Failed', false, { reason: 'NotFailed' });
}
