/**
 * Enough of an API server to run the decisions of delivery through thousands of random histories a second. It knows nothing
 * of the interlock; what must hold is said in `invariants.ts`, on the world itself.
 */
import type { Release } from '../../src/api/release.ts';
import type { Observation } from '../../src/observation.ts';
import type { Action, ActionOf, ActionType, Decision } from '../../src/plan.ts';
import { planStatusWrites, type StatusWrite } from '../../src/status/status-writes.ts';
import { Outdated, outdated, type Effect } from './effect.ts';
import {
  createRelease,
  deleteBudget,
  deleteCommand,
  deleteCopy,
  deleteRelease,
  ensureBudget,
  ensureService,
  freezeConfiguration,
  tryRelease,
} from './record-effects.ts';
import { closeRoute, createSessionKey, removeRoute, setServing, setSplit } from './traffic-effects.ts';
import {
  askHealth,
  createVersion,
  deleteVersion,
  markForDeletion,
  measure,
  scale,
  startDrain,
} from './version-effects.ts';
import { versioned, type World } from './world.ts';

/** What nobody in the simulation reads. */
const nothing = (_: Action, world: World): World => world;

const effects: { readonly [Type in ActionType]: Effect<Type> } = {
  tryRelease,
  freezeConfiguration,
  freezeTemplate: nothing,
  deleteCopy,
  createRelease,
  createVersion,
  ensureService,
  deleteService: nothing,
  ensureBudget,
  deleteBudget,
  scale,
  setServing,
  startDrain,
  markForDeletion,
  setSplit,
  createSessionKey,
  deleteSessionKey: nothing,
  countTraffic: nothing,
  askHealth,
  measure,
  startJob: nothing,
  stopJob: nothing,
  deleteJob: nothing,
  explainJob: nothing,
  callWebhook: nothing,
  deleteApproval: nothing,
  deleteVersion,
  deleteRelease,
  deleteCommand,
  setFinalizer: nothing,
  closeRoute,
  removeRoute,
  event: nothing,
};

export interface Carrying {
  readonly decidedOn: Observation;
  /** How many of the effects happen. */
  readonly stopAfter: number;
  readonly onAction: (before: World, action: Action, after: World) => void;
}

/**
 * As the controller does; what it writes beside the actions comes last here, where it is lost most often. A write that is
 * refused ends it; what was written before stays.
 */
export function carryOut(world: World, decision: Decision, { decidedOn, stopAfter, onAction }: Carrying): World {
  const { first, beside } = planStatusWrites(decision, decidedOn);
  const writes = [
    ...first.map((write) => writeStatus(write, decidedOn)),
    ...decision.actions.map((action) => (before: World): World => {
      const after = perform(action, before, decidedOn);
      onAction(before, action, after);
      return after;
    }),
    ...beside.map((write) => writeStatus(write, decidedOn)),
  ];
  let written = world;
  try {
    for (const write of writes.slice(0, stopAfter)) written = write(written);
  } catch (error) {
    if (!(error instanceof Outdated)) throw error;
  }
  return written;
}

type Write = (world: World) => World;

function perform<Type extends ActionType>(action: ActionOf<Type>, world: World, seen: Observation): World {
  const effect: Effect<Type> = effects[action.type];
  return effect(action, world, seen);
}

function writeStatus(write: StatusWrite, seen: Observation): Write {
  return (world) => {
    if (write.of === 'release') return writeRelease(world, write.release, { ...write.release, status: write.status });
    if (world.application.metadata.resourceVersion !== seen.application.metadata.resourceVersion) throw outdated;
    const [application, revision] = versioned(world, { ...world.application, status: write.status });
    return { ...world, revision, application };
  };
}

function writeRelease(world: World, known: Release, changed: Release): World {
  const current = world.releases.find(({ metadata }) => metadata.name === known.metadata.name);
  if (current === undefined || current.metadata.resourceVersion !== known.metadata.resourceVersion) throw outdated;
  const [written, revision] = versioned(world, changed);
  return { ...world, revision, releases: world.releases.map((each) => (each === current ? written : each)) };
}
