import { describeConfirmation } from '../describe-confirmation.ts';
import { isRouted, isSplitConfirmed } from '../observation.ts';
import type { Step } from '../plan.ts';
import type { ReleaseContext } from '../release-context.ts';
import { waiting } from '../release-status.ts';
import { describeSessionFault } from '../sessions/session-faults.ts';
import { sessionVersions } from '../sessions/session-route.ts';
import { complete, promote, withSizes } from './promotion.ts';
import type { Strategy } from './strategy.ts';

/**
 * New sessions go to the newest version, and every other one keeps those that it has until they are over. That a version
 * takes all traffic means here: all that has no session yet (`sessions/`).
 */
export const rainbow: Strategy = { type: 'rainbow', plan };

function plan(context: ReleaseContext): Step {
  return withSizes(context, () => {
    const { status } = context;
    if (status.phase === 'Promoting') return promote(context, status);
    return awaitSessions(context) ?? complete(context, status);
  });
}

/** Users who have no cookie when traffic moves would move with it. A person who goes back to a version does not wait. */
function awaitSessions({ observation, status, stable, now }: ReleaseContext): Step | undefined {
  const isMoving = isRouted(observation) && observation.split !== undefined && stable !== undefined;
  if (!isMoving || status.promotedBy !== undefined) return undefined;
  const fault = describeSessionFault(observation);
  const isInForce = sessionVersions(observation).size > 0 && isSplitConfirmed(observation) && fault === undefined;
  if (isInForce) return undefined;
  const sentence = fault ?? describeConfirmation(observation, 'that users have sessions');
  return { actions: [], status: waiting(status, sentence, now) };
}
