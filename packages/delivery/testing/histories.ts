/** Runs histories, and what comes after them: when nothing goes wrong any more, everything comes to rest. */
import type { ApplicationSpec } from '../src/api/application.ts';
import { reconcileApplication } from '../src/reconcile.ts';
import { checkApart } from './invariants.ts';
import { happen, later, second } from './happenings.ts';
import type { Happening, History } from './history.ts';
import { arrive, round, type Interruption, type Planner, type Run } from './looks.ts';
import { noRefusals } from './refusals.ts';
import { noteRequests, type Reached } from './requests.ts';
import { checkRest, describeWorld, isAtRest } from './rest.ts';
import { approveAll, checkApprovals } from './simulation/approvals.ts';
import { changeGateway } from './simulation/gateways.ts';
import { applyAgain, ask, changeSpec } from './simulation/people.ts';
import { hasFormerSessions } from './simulation/sessions.ts';
import { createWorld, isGone, type World } from './simulation/world.ts';
import { specOf } from './spec-of-history.ts';
import { Violation } from './violation.ts';

export interface RunOptions {
  /** Whether the system must come to rest afterwards. */
  readonly atRest?: boolean;
  readonly planner?: Planner | undefined;
}

/** Throws a `Violation` where an invariant breaks or the system does not come to rest. */
export function runHistory(history: History, options: RunOptions = {}): World {
  const run = begin(history, options, { at: Infinity, effects: 0 });
  for (const event of history.happenings) step(run, event);
  if (options.atRest ?? true) comeToRest(run);
  return run.world;
}

/**
 * Runs a history once for each of its effects, after which the controller dies and another one goes on, and shows the world in
 * which each of them ends. What comes before the death is the same for all of the same happening, and is run once. Gives the
 * number of effects.
 */
export function runInterrupted(history: History, show: (end: World, at: number) => void): number {
  const whole = begin(history, {}, { at: Infinity, effects: 0 });
  const dieSince = (before: Run, next: number): void => {
    for (let at = before.interruption.effects; at < whole.interruption.effects; at += 1) {
      const run = branch(before, at);
      for (const event of history.happenings.slice(next)) step(run, event);
      comeToRest(run);
      show(run.world, at);
    }
  };
  for (const [index, event] of history.happenings.entries()) {
    const before = branch(whole, Infinity);
    step(whole, event);
    dieSince(before, index);
  }
  const before = branch(whole, Infinity);
  comeToRest(whole);
  dieSince(before, history.happenings.length);
  return whole.interruption.effects;
}

/** The same up to here; from now on each goes its own way. */
function branch(run: Run, at: number): Run {
  const { past, interruption, reached, seenUpTo, refusals, underWay } = run;
  return {
    ...run,
    past: [...past],
    underWay: [...underWay],
    interruption: { at, effects: interruption.effects },
    reached: new Map(reached),
    seenUpTo: new Map(seenUpTo),
    refusals: { ...refusals, refused: new Map(refusals.refused) },
  };
}

function begin(history: History, { planner = reconcileApplication }: RunOptions, interruption: Interruption): Run {
  const spec = specOf(history);
  const start = history.serving === true ? servedBy(spec) : { world: createWorld(spec), reached: new Map() };
  return startRun(start, planner, interruption);
}

interface Start {
  readonly world: World;
  readonly reached: Reached;
}

function startRun({ world, reached }: Start, planner: Planner, interruption: Interruption): Run {
  return {
    world,
    past: [],
    interruption,
    planner,
    reached: new Map(reached),
    seenUpTo: new Map(),
    refusals: noRefusals(),
    underWay: [],
  };
}

const served = new WeakMap<ApplicationSpec, Start>();

/** The first release is the same for all that begin with the same: it is run once, and what it leaves never changes. */
function servedBy(spec: ApplicationSpec): Start {
  const known = served.get(spec);
  if (known !== undefined) return known;
  const empty = { world: createWorld(spec), reached: new Map<string, number>() };
  const run = startRun(empty, reconcileApplication, { at: Infinity, effects: 0 });
  comeToRest(run);
  served.set(spec, run);
  return run;
}

function step(run: Run, event: Happening): void {
  run.past.push(run.world);
  run.world = happen(run, event);
  checkApart(run.world);
  checkApprovals(run.world);
  noteRequests(run.reached, run.world);
}

function unpaused(world: World): World {
  return world.application.spec.paused === true ? changeSpec(world, { paused: false }) : world;
}

const roundsToRest = 150;
/** How often people help where nothing moves any more, and no look is asked for. */
const maximumUnheeded = 4;

/**
 * When nothing goes wrong any more, a release ends, and the stable version has all pods and all traffic. Where nothing
 * moves, the next look is the one that the controller asked for; where it asked for none, only a person can help.
 */
function comeToRest(run: Run): void {
  const freed = run.world.gateways.reduce(
    (world, _, index) => changeGateway(world, index, { isAlive: true, isStuck: false }),
    run.world,
  );
  const heard: World = { ...freed, webhook: 'passed' };
  run.world = unpaused(heard);
  while (run.underWay.length > 0) run.world = arrive(run);
  let unheeded = 0;
  for (let count = 0; count < roundsToRest; count += 1) {
    const { world, decision, isStill } = round(run);
    if (isStill && isAtRest(world)) {
      checkRest(world);
      if (!isGone(world.application)) return;
      // Nothing that it has left is in the way of the next one of its name.
      run.world = unpaused(applyAgain(world));
      run.refusals.reasons += 1;
      continue;
    }
    checkApart(world);
    checkApprovals(world);
    noteRequests(run.reached, world);
    const { requeueAfter } = decision;
    const isUnheeded = isStill && requeueAfter === undefined && !hasFormerSessions(world);
    const agreed = isStill ? approveAll(world, isUnheeded) : world;
    if (agreed !== world) {
      run.world = agreed;
      continue;
    }
    unheeded += isUnheeded ? 1 : 0;
    if (unheeded > maximumUnheeded) throw new Violation(`nobody looks again: ${describeWorld(world)}`);
    run.world = later(world, isStill ? Math.max(second, requeueAfter ?? 0) : second);
    if (isUnheeded || count % 10 === 9) run.world = ask(run.world, 'resume');
    if (isUnheeded || count % 20 === 19) run.world = ask(run.world, 'promote');
  }
  throw new Violation(`no rest: ${describeWorld(run.world)}`);
}
