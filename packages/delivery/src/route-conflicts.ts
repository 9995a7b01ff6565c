import { isRouted, type Observation } from './observation.ts';

/** Why gateways that live do not serve a part of the route as it is written now, each reason once. */
export function routeConflicts(observation: Observation): readonly string[] {
  const { split, gateways } = observation;
  const generation = split?.metadata.generation;
  if (!isRouted(observation) || generation === undefined) return [];
  const current = (split?.status?.instances ?? []).filter(
    ({ name, observedGeneration }) => gateways.includes(name) && observedGeneration >= generation,
  );
  return [...new Set(current.flatMap(({ conflicts }) => conflicts ?? []))].toSorted();
}
