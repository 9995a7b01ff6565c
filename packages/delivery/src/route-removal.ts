/**
 * How a route ends: the gateways stop routing and say so, requests in flight end, and only then the Split goes. A Split
 * that is gone can be confirmed by nobody: it stays, without rules, until every gateway that lives has said so.
 */
import { isOurs } from './names.ts';
import { describeConfirmation } from './describe-confirmation.ts';
import { isSplitConfirmed, type Observation } from './observation.ts';
import type { Action } from './plan.ts';

/** Of the Split: absent, leading somewhere, nowhere but unconfirmed, confirmed with requests in flight, or without any. */
export type RouteState = 'none' | 'open' | 'closing' | 'draining' | 'drained';

export interface Removal {
  readonly actions: readonly Action[];
  /** Undefined when there is no route any more. */
  readonly waitingFor: string | undefined;
  readonly requeueAfter?: number | undefined;
}

const lookMilliseconds = 100;
const defaultDrainSeconds = 30;

export function routeState(observation: Observation): RouteState {
  const split = ownSplit(observation);
  if (split === undefined) return 'none';
  if (isRouteOpen(observation)) return split.spec.rules.length > 0 ? 'open' : 'closing';
  return routeDrainLeft(observation) > 0 ? 'draining' : 'drained';
}

/** Whether a gateway may still lead somebody to a pod: until it says otherwise. */
export function isRouteOpen(observation: Observation): boolean {
  const split = ownSplit(observation);
  return split !== undefined && (split.spec.rules.length > 0 || !isClosingConfirmed(observation));
}

/** The next step towards having no route. */
export function planRouteRemoval(observation: Observation): Removal {
  switch (routeState(observation)) {
    case 'none':
      return { actions: [], waitingFor: undefined };
    case 'open':
      return { actions: [{ type: 'closeRoute' }], waitingFor: 'the route to close', requeueAfter: lookMilliseconds };
    case 'closing':
      return {
        actions: [],
        waitingFor: describeConfirmation(observation, 'that the route is closed'),
        requeueAfter: lookMilliseconds,
      };
    case 'draining':
      return {
        actions: [],
        waitingFor: 'requests that came by the route to end',
        requeueAfter: routeDrainLeft(observation),
      };
    case 'drained':
      return { actions: [{ type: 'removeRoute' }], waitingFor: 'the route to go', requeueAfter: lookMilliseconds };
  }
}

/** Somebody else's Split of our name is no route of ours. */
function ownSplit({ application, split }: Observation): Observation['split'] {
  return split !== undefined && isOurs(split, application.metadata.uid ?? '') ? split : undefined;
}

/** Where no gateway lives there is nobody who routes by it. */
function isClosingConfirmed(observation: Observation): boolean {
  return observation.gateways.length === 0 || isSplitConfirmed(observation);
}

/**
 * Milliseconds that requests may still take after the last gateway closed it: counted from when that was seen, because the
 * times that gateways write are of clocks that jump. Who leads anew lets them drain once more.
 */
function routeDrainLeft({ application, gateways, confirmedFor }: Observation): number {
  const milliseconds = (application.spec.drainSeconds ?? defaultDrainSeconds) * 1_000;
  return Math.max(0, ...gateways.map((name) => milliseconds - (confirmedFor.get(name) ?? 0)));
}
