/** Planners with one fault each about Applications that are deleted. */
import type { Observation } from '../src/observation.ts';
import type { Action } from '../src/plan.ts';
import { reconcileApplication } from '../src/reconcile.ts';
import { nameOf } from '../src/release-context.ts';
import type { History } from './history.ts';
import { deciding, look, rounds, type Mutant } from './mutants.ts';

/** One version serves, and the Application is deleted. */
const deleted: History = {
  strategy: { type: 'blueGreen' },
  routed: true,
  replicas: 2,
  serving: true,
  happenings: [{ type: 'delete', foreground: false }, ...rounds(20)],
};

const setForward: History = {
  ...deleted,
  happenings: [
    { type: 'delete', foreground: false },
    look,
    { type: 'gateway', index: 0 },
    { type: 'gateway', index: 1 },
    look,
    { type: 'endpoints' },
    look,
    { type: 'clock', seconds: 3_600 },
    look,
  ],
};

/** As gateways write it, by a clock that somebody sets. */
function byClock({ split }: Observation, now: number): Observation['confirmedFor'] {
  const instances = split?.status?.instances ?? [];
  return new Map(instances.map(({ name, inForceSince }) => [name, now - Date.parse(inForceSince)]));
}

/** What a look at an Application that is being deleted does instead. */
function ending(
  change: (actions: readonly Action[], releases: readonly string[]) => readonly Action[],
): Mutant['planner'] {
  return deciding((decision, { application, releases }) =>
    application.metadata.deletionTimestamp === undefined
      ? decision
      : { ...decision, actions: change(decision.actions, releases.map(nameOf)) },
  );
}

export const removalMutants: readonly Mutant[] = [
  {
    fault: 'deletes at once what serves',
    planner: ending((_, releases) => releases.map((release) => ({ type: 'deleteVersion', release }))),
    breaks: /^(leaving|requests): pod .* of shop-1 /,
    example: deleted,
  },
  {
    fault: 'leaves copies behind',
    planner: ending((actions) => actions.filter(({ type }) => type !== 'deleteCopy')),
    breaks: /^left: copies/,
    example: deleted,
  },
  {
    fault: 'counts the drain of a route by the clock',
    planner: (observation, now) =>
      reconcileApplication({ ...observation, confirmedFor: byClock(observation, now) }, now),
    breaks: /^in flight: the Split goes .* ms after/,
    example: setForward,
  },
  {
    fault: 'never lets go',
    planner: ending((actions) => actions.filter(({ type }) => type !== 'setFinalizer')),
    breaks: /^(no rest|nobody looks again)/,
    example: deleted,
  },
];
