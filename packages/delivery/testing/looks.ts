/** What a controller does in a history: it sees the world as its caches show it, decides, and writes. */
import type { Observation } from '../src/observation.ts';
import type { ActionType, Decision } from '../src/plan.ts';
import type { CacheName, Happening } from './history.ts';
import { checkDecided, checkDeletion, checkQuiet } from './invariants.ts';
import { lateWorld } from './late-caches.ts';
import { checkRefusals, type Refusals } from './refusals.ts';
import { checkDelivered, checkRemoval, noteDismissals, type Reached } from './requests.ts';
import { carryOut, type Write } from './simulation/api.ts';
import { runEndpoints, runReplicaSets, setReady } from './simulation/controllers.ts';
import { sight } from './simulation/sightings.ts';
import { runGateways } from './simulation/gateways.ts';
import { runJobs } from './simulation/hook-effects.ts';
import { sightLeases } from './simulation/partitions.ts';
import { controllerTime, isBeingDeleted, isGone, observationOf, type World } from './simulation/world.ts';
import { checkWaiting } from './waiting.ts';

/** The planner under test: the engine's own, or one that was broken on purpose. */
export type Planner = (observation: Observation, now: number) => Decision;

export interface Run {
  world: World;
  /** What was true before each happening, and before each look of a round: looks may see what was one or two of them ago. */
  readonly past: World[];
  readonly interruption: Interruption;
  readonly planner: Planner;
  readonly reached: Reached;
  /** How many happenings each cache has seen. */
  readonly seenUpTo: Map<CacheName, number>;
  readonly refusals: Refusals;
  /** Writes that were sent, and have not arrived. */
  readonly underWay: Write[];
  /** Whether routers that refuse go on doing so when nothing else goes wrong any more. */
  readonly isRefusalLasting: boolean;
  /** Likewise the second gateway, where it is cut off. */
  readonly isCutLasting: boolean;
}

/** The controller dies after so many effects of its whole life, and another one goes on. */
export interface Interruption {
  readonly at: number;
  effects: number;
}

export interface Looked {
  readonly world: World;
  readonly decision: Decision;
}

type Look = Pick<Happening & { readonly type: 'look' }, 'stopAfter' | 'lag' | 'late' | 'broken'>;

export const whole: Look = { stopAfter: Infinity, lag: 0 };

export function look(run: Run, { stopAfter, lag, late = {}, broken }: Look): Looked {
  const { interruption } = run;
  const before = lateWorld(run, { lag, late });
  const sightings = sight(before);
  const isSame =
    sightings.departures === before.departures &&
    sightings.drains === before.drains &&
    sightings.confirmations === before.confirmations;
  const world: World = isSame ? run.world : { ...run.world, ...sightings };
  const seen = observationOf({ ...before, ...sightings });
  if (isGone(seen.application)) return { world, decision: noDecision };
  const isCurrent = lag === 0 && Object.keys(late).length === 0;
  const decision = run.planner(seen, controllerTime(world));
  let hasReturned = false;
  const left = effectsLeft(interruption, decision);
  const { world: after, underWay } = carryOut(world, decision, {
    decidedOn: seen,
    stopAfter: Math.min(stopAfter, left),
    broken,
    onAction: (change) => {
      // What an older look could not know is no fault of the decision, nor what has changed while it was under way.
      if (isCurrent && !hasReturned) checkDecided(change);
    },
  });
  hasReturned = true;
  if (isCurrent && !isBeingDeleted(seen.application)) checkWaiting(seen, decision);
  run.underWay.push(...underWay);
  noteDismissals(run.reached, { seen: before, world: after, isUnderWay: run.underWay.length > 0 });
  checkRefusals(run.refusals, world, after);
  return { world: left === Infinity ? after : forgetting(after), decision };
}

/** An Application that is gone is not looked at. */
const noDecision: Decision = {
  actions: [],
  applicationStatus: undefined,
  releaseStatuses: new Map(),
  requeueAfter: undefined,
};

/** What a controller was told by pods, sources and hooks is in its memory alone. */
export function forgetting(world: World): World {
  return {
    ...world,
    departures: new Map(),
    drains: new Map(),
    confirmations: new Map(),
    answers: new Map(),
    measurements: new Map(),
    hookFindings: new Map(),
    trial: undefined,
    gateways: sightLeases(world.gateways, world.now),
  };
}

function effectsLeft(interruption: Interruption, decision: Decision): number {
  const status = decision.applicationStatus === undefined ? 0 : 1;
  const before = interruption.effects;
  interruption.effects += status + decision.releaseStatuses.size + decision.actions.length;
  const isNow = interruption.at >= before && interruption.at < interruption.effects;
  return isNow ? interruption.at - before : Infinity;
}

export function runSizes({ reached, world }: Pick<Run, 'reached' | 'world'>): World {
  return runReplicaSets(world, (before, pod) => {
    checkDeletion(before, pod);
    checkRemoval(reached, before, pod);
  });
}

/** Everything that moves by itself. */
function move(run: Run): World {
  const grown = runSizes(run);
  const started = grown.pods.reduce((all, _, index) => setReady(all, index, true), grown);
  return runGateways(runEndpoints(runJobs(started)));
}

/** Whoever only asks changes nothing for anybody, maybe for as long as it takes to be answered. */
const asking: ReadonlySet<ActionType> = new Set<ActionType>(['askHealth', 'measure', 'callWebhook']);

export interface Round extends Looked {
  /** Nothing has moved, and nothing was done. */
  readonly isStill: boolean;
}

/** Everything moves once, and the controller looks. */
export function round(run: Run): Round {
  const before = run.world;
  run.world = move(run);
  const moved = run.world;
  // What this look sees no later one goes back behind.
  run.past.push(moved);
  const { world, decision } = look(run, whole);
  if (decision.actions.every(({ type }) => asking.has(type)) && !isBeingDeleted(world.application)) {
    checkQuiet(moved);
    checkDelivered(moved);
  }
  return { world, decision, isStill: world === before };
}

/** In the order in which it was sent. What it was decided on may be over: the API server refuses it then. */
export function arrive(run: Run): World {
  const next = run.underWay.shift();
  return next === undefined ? run.world : next(run.world);
}
