import { silentGateways, type Observation } from './observation.ts';
import { describeRefusal } from './route-conflicts.ts';

/** `gateway-a, gateway-b to confirm` or, without any, what is missing; with what keeps a router that refuses from it. */
export function describeConfirmation(observation: Observation, what: string): string {
  const silent = silentGateways(observation);
  return observation.gateways.length === 0
    ? `a gateway to confirm ${what}: none has a live Lease`
    : `${silent.join(', ') || 'every gateway'} to confirm ${what}${describeRefusal(observation)}`;
}
