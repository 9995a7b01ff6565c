import type { Observation } from '../observation.ts';
import { routeConflicts } from '../route-conflicts.ts';

/** Why some gateway that lives gives no sessions though the split asks for them; undefined where all do. */
export function describeSessionFault(observation: Observation): string | undefined {
  const faults = routeConflicts(observation).filter((conflict) => conflict.startsWith('SessionsNotInForce'));
  return faults.length === 0 ? undefined : `every gateway to give sessions (${faults.join('; ')})`;
}
