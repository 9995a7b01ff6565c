import type {
  AutoscalingV2HorizontalPodAutoscaler,
  AutoscalingV2HorizontalPodAutoscalerCondition,
  AutoscalingV2HorizontalPodAutoscalerStatus,
} from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { setCondition } from '@slipway/kube/conditions';
import type { Plan } from '@slipway/kube/controller';
import { isSemanticallyEqual } from '../semantic-equality.ts';

type Autoscaler = AutoscalingV2HorizontalPodAutoscaler;
type Condition = AutoscalingV2HorizontalPodAutoscalerCondition;

export interface Scale {
  readonly wanted: number;
  readonly current: number;
}

export interface AutoscalerObserved {
  readonly autoscaler: Autoscaler;
  /** Of its target; text says why there is none. */
  readonly scale: Scale | string;
}

export interface AutoscalerAction {
  readonly kind: 'scale';
  readonly replicas: number;
  readonly reason: string;
}

/** As often as Kubernetes looks. */
const lookEveryMilliseconds = 15_000;

/** Keeps the size of the target within its bounds. There is nothing here that measures, so that is all it goes by. */
export function reconcileAutoscaler(
  { autoscaler, scale }: AutoscalerObserved,
  now: number,
): Plan<AutoscalerAction, AutoscalingV2HorizontalPodAutoscalerStatus> {
  const bounded = typeof scale === 'string' ? undefined : boundOf(autoscaler, scale.wanted);
  const isScaled = bounded !== undefined && typeof scale !== 'string' && bounded.replicas !== scale.wanted;
  const { metadata, status = { desiredReplicas: 0 } } = autoscaler;
  const conditions = conditionsOf(scale, bounded).reduce<readonly Condition[]>(
    (known, condition) => setCondition(known, condition, now),
    status.conditions ?? [],
  );
  const { currentReplicas: before, ...known } = status;
  const current = typeof scale === 'string' ? before : scale.current;
  const next: AutoscalingV2HorizontalPodAutoscalerStatus = {
    ...known,
    observedGeneration: metadata.generation,
    // None is not said.
    ...(current === undefined || current === 0 ? {} : { currentReplicas: current }),
    desiredReplicas: bounded?.replicas ?? status.desiredReplicas,
    ...(isScaled ? { lastScaleTime: formatTime(now) } : {}),
    conditions,
  };
  return {
    actions: isScaled ? [{ kind: 'scale', replicas: bounded.replicas, reason: bounded.reason }] : [],
    status: isSemanticallyEqual(next, autoscaler.status) ? undefined : next,
    requeueAfter: lookEveryMilliseconds,
  };
}

interface Bounded {
  readonly replicas: number;
  readonly reason: string;
}

/** Somebody who sets a size of none has switched it off. */
function boundOf({ spec }: Autoscaler, wanted: number): Bounded {
  const { minReplicas = 1, maxReplicas = wanted } = spec ?? {};
  if (wanted === 0) return { replicas: 0, reason: '' };
  if (wanted > maxReplicas)
    return { replicas: maxReplicas, reason: 'Current number of replicas above Spec.MaxReplicas' };
  if (wanted < minReplicas)
    return { replicas: minReplicas, reason: 'Current number of replicas below Spec.MinReplicas' };
  return { replicas: wanted, reason: '' };
}

function conditionsOf(scale: Scale | string, bounded: Bounded | undefined): readonly Condition[] {
  if (typeof scale === 'string') {
    const message = `the HPA controller was unable to get the target's current scale: ${scale}`;
    return [{ type: 'AbleToScale', status: 'False', reason: 'FailedGetScale', message }];
  }
  const able: Condition = {
    type: 'AbleToScale',
    status: 'True',
    reason: 'SucceededGetScale',
    message: "the HPA controller was able to get the target's current scale",
  };
  return [able, bounded?.replicas === 0 ? disabled : unmeasured];
}

const disabled: Condition = {
  type: 'ScalingActive',
  status: 'False',
  reason: 'ScalingDisabled',
  message: 'scaling is disabled since the replica count of the target is zero',
};

const unmeasured: Condition = {
  type: 'ScalingActive',
  status: 'False',
  reason: 'FailedGetResourceMetric',
  message:
    'the HPA was unable to compute the replica count: unable to fetch metrics: the embedded cluster has no metrics that an autoscaler could go by',
};
