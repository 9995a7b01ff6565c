/** What is said of an Application in conditions. */
import { formatTime } from '@slipway/kube/clock';
import { setCondition } from '@slipway/kube/conditions';
import type { DeliveryCondition } from '../api/condition.ts';
import type { Unsynced } from '../next-release.ts';
import { replicasOf, type Observation } from '../observation.ts';

export interface ConditionInput {
  readonly observation: Observation;
  readonly phase: string;
  readonly now: number;
  readonly faults: readonly string[];
  readonly unsynced: Unsynced | undefined;
  readonly available: boolean;
}

type Finding = Pick<DeliveryCondition, 'type' | 'status' | 'reason' | 'message'>;

export function applicationConditions(input: ConditionInput): readonly DeliveryCondition[] {
  const { application } = input.observation;
  const observedGeneration = application.metadata.generation;
  const lastTransitionTime = formatTime(input.now);
  return findings(input).reduce<readonly DeliveryCondition[]>(
    (all, each) => setCondition(all, { ...each, observedGeneration, lastTransitionTime }, input.now),
    application.status?.conditions ?? [],
  );
}

function findings({ observation, phase, faults, unsynced, available }: ConditionInput): readonly Finding[] {
  const isBusy = phase !== 'Stable' && phase !== 'Pending';
  return [
    finding('Valid', faults.length === 0, {
      reason: faults.length === 0 ? 'Valid' : 'Invalid',
      message: faults.join('; '),
    }),
    finding('Available', available, { reason: available ? 'PodsServe' : 'NoPodServes' }),
    finding('Progressing', isBusy, { reason: phase }),
    finding('Promoted', !isBusy || phase === 'Guarding', { reason: phase }),
    finding('Synced', unsynced === undefined, unsynced ?? { reason: 'Synced' }),
    finding('ScaledToZero', replicasOf(observation) === 0, { reason: 'Replicas' }),
  ];
}

function finding(
  type: Finding['type'],
  holds: boolean,
  { reason, message = '' }: { readonly reason: string; readonly message?: string },
): Finding {
  return { type, status: holds ? 'True' : 'False', reason, message };
}
