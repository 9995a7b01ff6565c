export type ConditionStatus = 'True' | 'False' | 'Unknown';

export const conditionTypes = [
  'Available',
  'Progressing',
  'Paused',
  'Promoted',
  'Failed',
  'Synced',
  'Valid',
  'ScaledToZero',
  'NameConflict',
  'RouteConflict',
  'SelectorConflict',
  'ImageDrift',
  'DependenciesReady',
] as const;
export type DeliveryConditionType = (typeof conditionTypes)[number];

export interface DeliveryCondition {
  readonly type: DeliveryConditionType;
  readonly status: ConditionStatus;
  readonly observedGeneration?: number | undefined;
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}
