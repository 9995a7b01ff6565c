import { formatTime } from './clock.ts';

/** A condition of any object. Kinds differ in the other fields they keep. */
export interface ConditionLike {
  readonly type: string;
  readonly status: string;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly lastTransitionTime?: string | undefined;
}

export function findCondition<C extends ConditionLike>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isConditionTrue(conditions: readonly ConditionLike[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}

/**
 * The list with one condition set. `lastTransitionTime` changes only with the status; a condition that says the same
 * already leaves the list as it is, to the identity.
 */
export function setCondition<C extends ConditionLike>(
  conditions: readonly C[],
  condition: C,
  now: number,
): readonly C[] {
  const old = findCondition(conditions, condition.type);
  if (
    old !== undefined &&
    old.status === condition.status &&
    old.reason === condition.reason &&
    old.message === condition.message
  )
    return conditions;
  const lastTransitionTime =
    old !== undefined && old.status === condition.status ? old.lastTransitionTime : formatTime(now);
  const next: C = { ...condition, lastTransitionTime };
  return old === undefined
    ? [...conditions, next]
    : conditions.map((each) => (each.type === condition.type ? next : each));
}
