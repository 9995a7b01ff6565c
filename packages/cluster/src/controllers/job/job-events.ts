import type { JobCondition, JobStatus } from '@slipway/kube/api.generated';
import { findCondition } from '@slipway/kube/conditions';

export interface JobEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** What a change of the conditions is told as. */
export function eventsOf(before: JobStatus | undefined, after: JobStatus): readonly JobEvent[] {
  return (after.conditions ?? []).flatMap((condition) => {
    const known = findCondition(before?.conditions, condition.type);
    return known?.status === condition.status ? [] : eventOf(condition);
  });
}

function eventOf({ type, status, reason = '', message = '' }: JobCondition): readonly JobEvent[] {
  switch (type) {
    case 'Complete':
      return [{ type: 'Normal', reason: 'Completed', message: 'Job completed' }];
    case 'Failed':
      return [{ type: 'Warning', reason, message }];
    case 'Suspended':
      return [{ type: 'Normal', reason: status === 'True' ? 'Suspended' : 'Resumed', message }];
    default:
      return [];
  }
}
