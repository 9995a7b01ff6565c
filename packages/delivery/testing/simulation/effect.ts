import type { Observation } from '../../src/observation.ts';
import type { ActionOf, ActionType } from '../../src/plan.ts';
import { backendName } from '../../src/names.ts';
import type { World } from './world.ts';

/** What an action makes of the world, where it was decided on what was seen. */
export type Effect<Type extends ActionType> = (action: ActionOf<Type>, world: World, seen: Observation) => World;

/** Thrown where the API server would answer 409: the write was decided on an older version. */
export class Outdated extends Error {}

/** One for all: nobody asks where it was thrown, and the trace of a stack costs more than a look. */
export const outdated = new Outdated();

/** Of the ReplicaSet and the Service of a version. */
export function replicaSetName(seen: Observation, release: string): string {
  const found = seen.releases.find(({ metadata }) => metadata.name === release);
  return found === undefined ? '' : backendName(found.spec);
}
