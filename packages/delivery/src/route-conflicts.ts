import { foreignRouters, type Carrier, type SplitInstanceStatus } from '@slipway/kube/split';
import { isRouted, type Observation } from './observation.ts';

/** Why gateways that live do not serve a part of the route as it is written now, each reason once. */
export function routeConflicts(observation: Observation): readonly string[] {
  return [...new Set(currentInstances(observation).flatMap(({ conflicts }) => conflicts ?? []))].toSorted();
}

/**
 * Some gateway serves nothing of what users come by: traffic would move by a route that leads elsewhere. One host that is
 * refused is no reason to hold up what others serve.
 */
export function isRouteLost(observation: Observation): boolean {
  return currentInstances(observation).some(isServingNothing);
}

/** A part of the route, by one of ours. */
export function isRefusedByGateway(observation: Observation): boolean {
  return currentInstances(observation).some(
    (each) => carrierOf(each) === 'gateway' && (each.conflicts ?? []).length > 0,
  );
}

/** What a release waits for that cannot go on by the route as it is, and what a person can do about it. */
export function describeLostRoute(observation: Observation): string {
  const lost = currentInstances(observation).filter(isServingNothing);
  const why = describeConflicts(lost);
  const main = observation.split?.spec.through ?? 'gateway';
  const former = lost.map(carrierOf).find((name) => name !== main);
  if (former !== undefined) return `${main} to take over from ${former}, which refuses the route (${why})`;
  return `the route to be free (${why}${main === 'gateway' ? '' : `; ${wayOut}`})`;
}

/** What keeps a router of another project from confirming: ` (…)`; empty where none refuses the route. */
export function describeRefusal(observation: Observation): string {
  const refusing = currentInstances(observation).filter(
    (each) => carrierOf(each) !== 'gateway' && isServingNothing(each),
  );
  if (refusing.length === 0) return '';
  const isFormer = !isRefusedBy(observation, observation.split?.spec.through ?? 'gateway');
  return ` (${describeConflicts(refusing)}; ${isFormer ? wayOutOfFormer : wayOut})`;
}

/** It carries, and serves nothing of what it is to carry. */
export function isRefusedBy(observation: Observation, carrier: Carrier): boolean {
  return currentInstances(observation).some((each) => carrierOf(each) === carrier && isServingNothing(each));
}

const wayOut = 'mend that, or name another router in spec.route.through';
/** The one that leads is well: no other router is needed, but the time of both to end. */
const wayOutOfFormer = 'mend that, or set spec.route.handoverSeconds to 0 to let it go now';

function describeConflicts(instances: readonly SplitInstanceStatus[]): string {
  return [...new Set(instances.flatMap(({ conflicts = [] }) => conflicts))].join('; ');
}

function carrierOf({ name }: SplitInstanceStatus): Carrier {
  return foreignRouters.find((router) => router === name) ?? 'gateway';
}

/** Of what users come by. A gateway that does not say which rules it serves is taken to serve none that it has anything against. */
export function isServingNothing({ conflicts = [], unservedRules = [mainRule] }: SplitInstanceStatus): boolean {
  return conflicts.length > 0 && unservedRules.includes(mainRule);
}

/** The other one is that of the preview hosts. */
const mainRule = 0;

function currentInstances(observation: Observation): readonly SplitInstanceStatus[] {
  const { split, gateways } = observation;
  const generation = split?.metadata.generation;
  if (!isRouted(observation) || generation === undefined) return [];
  // What a foreign router refuses it never observes: its entry is always about the Split as it is.
  const isCurrent = ({ name, observedGeneration }: SplitInstanceStatus): boolean =>
    observedGeneration >= generation || foreignRouters.some((router) => router === name);
  return (split?.status?.instances ?? []).filter((instance) => gateways.includes(instance.name) && isCurrent(instance));
}
