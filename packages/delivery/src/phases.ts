/** What every release goes through whatever its strategy: the start, the guard, the way back, the end. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { ReleaseAttempt, ReleaseStatus } from './api/release.ts';
import { planForward, planPaused } from './phases/forward.ts';
import { planGuard } from './phases/guard.ts';
import { planReturn } from './phases/return.ts';
import type { Step } from './plan.ts';
import { nameOf, type ReleaseContext } from './release-context.ts';
import { inPhase, withAttempt } from './release-status.ts';

export function planRelease(context: ReleaseContext): Step {
  const { phase } = context.status;
  switch (phase) {
    case 'Pending':
      return start(context);
    case 'Progressing':
    case 'Promoting':
      return planForward(context);
    case 'Paused':
      return planPaused(context);
    case 'Guarding':
      return planGuard(context);
    case 'RollingBack':
      return planReturn(context);
    case 'Succeeded':
    case 'RolledBack':
    case 'Failed':
    case 'Superseded':
      throw new Error(`release ${nameOf(context.release)} has ended and is not planned any more`);
  }
}

function start({ status, now, release, stable }: ReleaseContext): Step {
  const startedAt = formatMicroTime(now);
  const message = `version ${release.spec.version} is released by ${release.spec.strategy.type}`;
  const isBegun = status.attempts?.at(-1)?.endedAt === undefined && (status.attempts ?? []).length > 0;
  const attempt: Omit<ReleaseAttempt, 'number'> = { cause: 'deploy', startedAt };
  const begun: ReleaseStatus = isBegun ? status : withAttempt(status, attempt);
  return {
    actions: [{ type: 'event', kind: 'Normal', reason: 'ReleaseStarted', message }],
    status: {
      ...inPhase(begun, 'Progressing', { now, reason: message }),
      startedAt: status.startedAt ?? startedAt,
      ...(stable === undefined ? {} : { previous: nameOf(stable.release) }),
    },
    requeueAfter: 0,
  };
}
