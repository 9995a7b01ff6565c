/** What every release goes through whatever its strategy: the start, the guard, the way back, the end. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { AdoptedVersion, ReleaseAttempt, ReleaseStatus } from './api/release.ts';
import { planForward, planPaused } from './phases/forward.ts';
import { planGuard } from './phases/guard.ts';
import { planReturn } from './phases/return.ts';
import type { Step } from './plan.ts';
import { nameOf, type ReleaseContext } from './release-context.ts';
import { describeAsker } from './api/release-command.ts';
import { requestedByAnnotation } from './api/requested-by.ts';
import { finished, inPhase, waiting, withAttempt } from './release-status.ts';

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

function start(context: ReleaseContext): Step {
  const { status, now, release, stable } = context;
  if (release.spec.adopted !== undefined && (status.attempts ?? []).length === 0)
    return recognize(context, release.spec.adopted);
  const startedAt = formatMicroTime(now);
  const message = `version ${release.spec.version} is released by ${release.spec.strategy.type}`;
  const isBegun = status.attempts?.at(-1)?.endedAt === undefined && (status.attempts ?? []).length > 0;
  const asker = release.metadata.annotations?.[requestedByAnnotation];
  const by = asker === undefined ? {} : { by: describeAsker(asker) };
  const attempt: Omit<ReleaseAttempt, 'number'> = { cause: 'deploy', ...by, startedAt };
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

/** What ran before there was an Application serves already. Who rolls back to it later starts it as any other version. */
function recognize({ status, now, candidate }: ReleaseContext, { deployment, replicaSet }: AdoptedVersion): Step {
  if (candidate.replicaSet === undefined)
    return { actions: [], status: waiting(status, `the ReplicaSet ${replicaSet} to be seen`, now) };
  const reason = `it was running as the Deployment ${deployment}`;
  const startedAt = formatMicroTime(now);
  const begun = withAttempt({ ...status, startedAt }, { cause: 'adopt', startedAt });
  const event = { type: 'event', kind: 'Normal', reason: 'Adopted', message: reason } as const;
  return { actions: [event], status: finished(begun, 'Succeeded', { now, reason }) };
}
