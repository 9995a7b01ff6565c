/** Runs of a history: how they begin, what each happening is held against, and how they come to rest. */
import type { ApplicationSpec } from '../src/api/application.ts';
import { reconcileApplication } from '../src/reconcile.ts';
import { earlier } from '../src/scaling.ts';
import { checkApart } from './invariants.ts';
import { happen, later, second } from './happenings.ts';
import type { Happening } from './history.ts';
import { arrive, round, type Interruption, type Planner, type Run } from './looks.ts';
import { noRefusals } from './refusals.ts';
import { copyReached, nobodyReached, noteRequests, type Reached } from './requests.ts';
import { checkRest, describeWorld, isAtRest } from './rest.ts';
import { approveAll, checkApprovals } from './simulation/approvals.ts';
import { followPods } from './simulation/endpoints.ts';
import { changeGateway } from './simulation/gateways.ts';
import { reconnectGateway } from './simulation/partitions.ts';
import { changeRouter } from './simulation/router-changes.ts';
import { routerOf } from './simulation/routers.ts';
import { applyAgain, ask, changeSpec } from './simulation/people.ts';
import { hasFormerSessions } from './simulation/sessions.ts';
import { createWorld, isGone, type Gateway, type World } from './simulation/world.ts';
import { Violation } from './violation.ts';

/** Those that are looked at one after the other, and what is to be done around each look. */
export interface Company {
  readonly runs: readonly Run[];
  /** It sees the others as they are now. */
  readonly show: (place: number) => void;
  /** What must hold between them, once one of them was looked at. */
  readonly check: (place: number, before: World) => void;
}

export function alone(run: Run): Company {
  return { runs: [run], show: () => undefined, check: () => undefined };
}

export function never(): Interruption {
  return { at: Infinity, effects: 0 };
}

export interface Beginning {
  readonly spec: ApplicationSpec;
  /** Whether its first version serves already. */
  readonly serving: boolean;
  readonly isRefusalLasting?: boolean | undefined;
  readonly isCutLasting?: boolean | undefined;
  readonly planner?: Planner | undefined;
}

export function beginRun(
  { spec, serving, isRefusalLasting = false, isCutLasting = false, planner = reconcileApplication }: Beginning,
  interruption: Interruption,
): Run {
  const start = serving ? servedBy(spec) : { world: createWorld(spec), reached: nobodyReached() };
  return { ...startRun(start, planner, interruption), isRefusalLasting, isCutLasting };
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
    reached: copyReached(reached),
    seenUpTo: new Map(),
    refusals: noRefusals(),
    underWay: [],
    isRefusalLasting: false,
    isCutLasting: false,
  };
}

const served = new WeakMap<ApplicationSpec, Start>();

/** The first release is the same for all that begin with the same: it is run once, and what it leaves never changes. */
function servedBy(spec: ApplicationSpec): Start {
  const known = served.get(spec);
  if (known !== undefined) return known;
  const empty = { world: createWorld(spec), reached: nobodyReached() };
  const run = startRun(empty, reconcileApplication, never());
  comeToRest(alone(run));
  served.set(spec, run);
  return run;
}

export function step(run: Run, event: Happening): void {
  run.past.push(run.world);
  run.world = happen(run, event);
  checkWorld(run);
}

/** After whatever has happened. */
export function checkWorld({ world, reached }: Run): void {
  checkApart(world);
  checkApprovals(world);
  noteRequests(reached, world);
}

function unpaused(world: World): World {
  return world.application.spec.paused === true ? changeSpec(world, { paused: false }) : world;
}

/** Of each of them. */
const roundsToRest = 150;
/** How often people help where nothing moves any more, and no look is asked for. */
const maximumUnheeded = 4;

/**
 * When nothing goes wrong any more, a release ends, and the stable version has all pods and all traffic. Where nothing
 * moves, the next look is the one that the controller asked for; where it asked for none, only a person can help.
 */
export function comeToRest(company: Company): void {
  const { runs } = company;
  for (const run of runs) free(run);
  let unheeded = 0;
  let still = 0;
  for (let count = 0; count < roundsToRest * runs.length; count += 1) {
    const { isStill, requeueAfter } = goRound(company);
    if (isStill && runs.every(({ world }) => isAtRest(world))) {
      if (endRest(runs) === 'over') return;
      continue;
    }
    for (const run of runs) checkWorld(run);
    const isUnheeded = isStill && requeueAfter === undefined && !runs.some(({ world }) => hasFormerSessions(world));
    still += isStill ? 1 : 0;
    // People read what is waited for even where the controller looks again by itself, at what it cannot do.
    if (isStill && approve(runs, isUnheeded || still % 5 === 4) === 'given') continue;
    unheeded += isUnheeded ? 1 : 0;
    if (unheeded > maximumUnheeded * runs.length) throw new Violation(`nobody looks again: ${describe(runs)}`);
    for (const run of runs) {
      run.world = later(run.world, isStill ? Math.max(second, requeueAfter ?? 0) : second);
      if (isUnheeded || count % 10 === 9) run.world = ask(run.world, 'resume');
      if (isUnheeded || count % 20 === 19) run.world = ask(run.world, 'promote');
    }
  }
  throw new Violation(`no rest: ${describe(runs)}`);
}

function free(run: Run): void {
  const { world } = run;
  const isLasting = (each: Gateway): boolean =>
    run.isRefusalLasting && each.isRefusing && routerOf(each) !== undefined && !isGone(world.application);
  const freed = world.gateways.reduce(
    (before, each, index) =>
      changeGateway(before, index, {
        isAlive: true,
        isStuck: false,
        isLagging: false,
        isRefusing: isLasting(each),
        ...(run.isCutLasting && index === 1 && each.isAlive ? {} : reconnectGateway(each, world.now)),
      }),
    world,
  );
  const led = world.gateways.some(isLasting) ? ledElsewhere(freed) : freed;
  run.world = unpaused({ ...followPods(led), webhook: 'passed' });
  while (run.underWay.length > 0) run.world = arrive(run);
}

/** What people do about a router that refuses for ever: they name another one, and give up what waits for it. */
function ledElsewhere(world: World): World {
  return ask(changeRouter(world, 'gateway'), 'abort');
}

interface Sweep {
  /** Nothing has moved, and nothing was done. */
  readonly isStill: boolean;
  readonly requeueAfter: number | undefined;
}

function goRound({ runs, show, check }: Company): Sweep {
  return runs.reduce<Sweep>(
    (sweep, run, place) => {
      show(place);
      const before = run.world;
      const { world, decision, isStill } = round(run);
      run.world = world;
      check(place, before);
      return {
        isStill: sweep.isStill && isStill,
        requeueAfter: earlier(sweep.requeueAfter, decision.requeueAfter),
      };
    },
    { isStill: true, requeueAfter: undefined },
  );
}

/** Nothing that is gone is in the way of the next one of its name. */
function endRest(runs: readonly Run[]): 'over' | 'begunAgain' {
  for (const { world } of runs) checkRest(world);
  const gone = runs.filter(({ world }) => isGone(world.application));
  for (const run of gone) {
    run.world = unpaused(applyAgain(run.world));
    run.refusals.reasons += 1;
  }
  return gone.length === 0 ? 'over' : 'begunAgain';
}

function approve(runs: readonly Run[], isUnheeded: boolean): 'given' | 'none' {
  const agreed = runs.filter((run) => {
    const { world } = run;
    run.world = approveAll(world, isUnheeded);
    return run.world !== world;
  });
  return agreed.length === 0 ? 'none' : 'given';
}

function describe(runs: readonly Run[]): string {
  return runs.map(({ world }) => describeWorld(world)).join(' ');
}
