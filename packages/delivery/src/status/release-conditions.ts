/** What is said of a Release in conditions. */
import type { DeliveryCondition } from '../api/condition.ts';
import { isFinished, type Release, type ReleaseStatus } from '../api/release.ts';
import { replicasOf, type Observation, type VersionView } from '../observation.ts';
import { conditionsFrom, finding, type Finding } from './conditions.ts';

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

function findings({ status, view, observation }: ReleaseConditionInput): readonly Finding[] {
  const { phase, waitingFor, ending, servedUntil } = status;
  const replicas = replicasOf(observation);
  const ready = view.ready.length;
  const isGone = isFinished(phase) && (phase !== 'Succeeded' || servedUntil !== undefined);
  const isMoving = !isFinished(phase) && phase !== 'Paused' && phase !== 'Pending';
  const isLive = phase === 'Guarding' || (phase === 'Succeeded' && servedUntil === undefined);
  const isFailed =
    (phase === 'RolledBack' || phase === 'Failed' || phase === 'RollingBack') && ending?.phase !== 'Superseded';
  const reason = { reason: phase };
  return [
    finding('Available', !isGone && replicas > 0 && ready >= replicas, {
      reason: isGone ? phase : ready >= replicas ? 'PodsReady' : 'PodsMissing',
      message: isGone ? '' : `${ready} of ${replicas} pods are ready`,
    }),
    finding(
      'Progressing',
      isMoving,
      waitingFor === undefined ? reason : { ...reason, message: `waits for ${waitingFor}` },
    ),
    finding('Paused', phase === 'Paused', reason),
    finding('Promoted', isLive, { reason: servedUntil === undefined ? phase : 'Replaced' }),
    finding('Failed', isFailed, isFailed ? { ...reason, message: ending?.reason } : { reason: 'NotFailed' }),
  ];
}
