/** Conditions of both kinds: what is found, for which generation, and since when. */
import { formatTime } from '@slipway/kube/clock';
import { findCondition } from '@slipway/kube/conditions';
import type { DeliveryCondition } from '../api/condition.ts';
import type { ReleaseStatus } from '../api/release.ts';

export type Finding = Pick<DeliveryCondition, 'type' | 'status' | 'reason' | 'message'>;

export function finding(
  type: Finding['type'],
  holds: boolean,
  { reason, message = '' }: { readonly reason: string; readonly message?: string | undefined },
): Finding {
  return { type, status: holds ? 'True' : 'False', reason, message };
}

/** It goes back or has gone, and not because something else was asked for. */
export function hasFailed({ phase, ending }: ReleaseStatus): boolean {
  const isBack = phase === 'RollingBack' || phase === 'RolledBack' || phase === 'Failed';
  return isBack && ending?.phase !== 'Superseded';
}

/** The time of a condition changes with its status alone, the generation with every look. */
export function conditionsFrom(
  old: readonly DeliveryCondition[] | undefined,
  findings: readonly Finding[],
  { generation, now }: { readonly generation: number | undefined; readonly now: number },
): readonly DeliveryCondition[] {
  return findings.map((each) => {
    const known = findCondition(old, each.type);
    const lastTransitionTime = known?.status === each.status ? known.lastTransitionTime : formatTime(now);
    return { ...each, observedGeneration: generation, lastTransitionTime };
  });
}
