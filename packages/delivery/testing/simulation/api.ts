/**
 * Enough of an API server to run the decisions of delivery through thousands of random histories a second. It knows nothing
 * of the interlock; what must hold is said in `invariants.ts`, on the world itself.
 */
import { hasFinalizer } from '@slipway/kube/finalizers';
import { teardownFinalizer } from '../../src/names.ts';
import type { Release } from '../../src/api/release.ts';
import type { Observation } from '../../src/observation.ts';
import type { Action, ActionOf, ActionType, Decision } from '../../src/plan.ts';
import { planStatusWrites, type StatusWrite } from '../../src/status/status-writes.ts';
import type { BrokenWrite } from '../history.ts';
import { divide } from './divide.ts';
import { deleteApproval } from './approvals.ts';
import { callWebhook, deleteJob, explainJob, startJob, stopJob } from './hook-effects.ts';
import { Outdated, outdated, type Effect } from './effect.ts';
import {
  createRelease,
  deleteBudget,
  deleteCommand,
  deleteCopy,
  deleteRelease,
  deleteService,
  ensureBudget,
  ensureService,
  freezeConfiguration,
  setFinalizer,
  tryRelease,
} from './record-effects.ts';
import {
  closeRoute,
  createSessionKey,
  deleteSessionKey,
  removeRoute,
  setServing,
  setSplit,
} from './traffic-effects.ts';
import {
  askHealth,
  createVersion,
  deleteVersion,
  markForDeletion,
  measure,
  scale,
  startDrain,
} from './version-effects.ts';
import { isBeingDeleted, versioned, type World } from './world.ts';

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
  deleteService,
  ensureBudget,
  deleteBudget,
  scale,
  setServing,
  startDrain,
  markForDeletion,
  setSplit,
  createSessionKey,
  deleteSessionKey,
  countTraffic: nothing,
  askHealth,
  measure,
  startJob,
  stopJob,
  deleteJob,
  explainJob,
  callWebhook,
  deleteApproval,
  deleteVersion,
  deleteRelease,
  deleteCommand,
  setFinalizer,
  closeRoute,
  removeRoute,
  event: nothing,
};

export interface Carrying {
  readonly decidedOn: Observation;
  /** How many of the writes are done. */
  readonly stopAfter: number;
  /** What becomes of the next one; absent: it is lost, and all after it with it. */
  readonly broken?: BrokenWrite | undefined;
  readonly onAction: (change: Change) => void;
}

/** What one action made of the world. */
export interface Change {
  readonly before: World;
  readonly action: Action;
  readonly after: World;
}

export interface Carried {
  readonly world: World;
  /** What arrives later. */
  readonly underWay: readonly Write[];
}

export type Write = (world: World) => World;

/**
 * As the controller does; what it writes beside the actions comes last here, where it is lost most often. A write that is
 * refused ends it; what was written before stays.
 */
export function carryOut(world: World, decision: Decision, carrying: Carrying): Carried {
  const { decidedOn, stopAfter, broken } = carrying;
  const { first, beside } = planStatusWrites(decision, decidedOn);
  const statuses = (writes: readonly StatusWrite[]): readonly Write[] =>
    writes.map((write) => writeStatus(write, decidedOn));
  const actions = decision.actions.map((action) => writeAction(action, carrying));
  const all = [...statuses(first), ...actions, ...statuses(beside)];
  let written = world;
  try {
    for (const write of all.slice(0, stopAfter)) written = write(written);
  } catch (error) {
    if (!(error instanceof Outdated)) throw error;
    return { world: written, underWay: [] };
  }
  if (broken === undefined || stopAfter >= all.length) return { world: written, underWay: [] };
  const interrupted = { number: stopAfter - first.length, actions: decision.actions, sentAt: world.now };
  const { now, later } = breakWrite(interrupted, carrying, broken);
  const others = broken.lives ? all.slice(Math.max(stopAfter + 1, first.length + actions.length)) : [];
  return { world: [...now, ...others].reduce((before, write) => attempt(before, write), written), underWay: later };
}

interface Broken {
  readonly number: number;
  readonly actions: readonly Action[];
  readonly sentAt: number;
}

/** An API server gives up on a request that takes longer (`--request-timeout`). */
const longestRequestMilliseconds = 60_000;

/** What is done of it, and what arrives later. A status is one request. */
function breakWrite(
  { number, actions, sentAt }: Broken,
  carrying: Carrying,
  { part, end }: BrokenWrite,
): { readonly now: readonly Write[]; readonly later: readonly Write[] } {
  const action = actions[number];
  if (action === undefined) return { now: [], later: [] };
  const { done, left } = divide(action, part);
  const writes = (which: readonly Action[]): readonly Write[] => which.map((each) => writeAction(each, carrying));
  const late = writes(left).map(
    (write) => (world: World) => (world.now - sentAt > longestRequestMilliseconds ? world : attempt(world, write)),
  );
  return { now: writes(done), later: end === 'late' ? late : [] };
}

function attempt(world: World, write: Write): World {
  try {
    return write(world);
  } catch (error) {
    if (!(error instanceof Outdated)) throw error;
    return world;
  }
}

function writeAction(action: Action, { decidedOn, onAction }: Carrying): Write {
  return (before) => {
    // Whoever led then does not lead any more by the time that all of it is gone.
    if (isOver(before, decidedOn)) throw outdated;
    const after = perform(action, before, decidedOn);
    onAction({ before, action, after });
    return after;
  };
}

function isOver({ application }: World, seen: Observation): boolean {
  const isLetGo = isBeingDeleted(application) && !hasFinalizer(application, teardownFinalizer);
  return isLetGo || application.metadata.uid !== seen.application.metadata.uid;
}

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
