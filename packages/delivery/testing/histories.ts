/** Histories of one Application, as data: what happened, in order, so that a failing one is shrunk and run again. */
import type { Pod } from '@slipway/kube/api.generated';
import type { ApplicationSpec } from '../src/api/application.ts';
import type { Check } from '../src/api/check.ts';
import type { Verb } from '../src/api/release-command.ts';
import type { Observation } from '../src/observation.ts';
import type { Decision } from '../src/plan.ts';
import { reconcileApplication } from '../src/reconcile.ts';
import { checkApart, checkDecided, checkDeletion, checkQuiet } from './invariants.ts';
import { checkRefusals, isTrying, noRefusals, type Refusals } from './refusals.ts';
import { checkDelivered, checkRemoval, noteRequests, type Reached } from './requests.ts';
import { checkRest, describeWorld, isAtRest } from './rest.ts';
import { carryOut } from './simulation/api.ts';
import { removePod, runEndpoints, runReplicaSets, setReady } from './simulation/controllers.ts';
import { changeGateway, runGateway, runGateways } from './simulation/gateways.ts';
import { ask, changeSpec, configure, templateOf } from './simulation/people.ts';
import { Violation } from './violation.ts';
import { hasFormerSessions, visit } from './simulation/sessions.ts';
import { createWorld, observationOf, type World } from './simulation/world.ts';

export type Happening =
  | {
      readonly type: 'look';
      readonly stopAfter: number;
      readonly lag: number;
      /** Caches that are further behind than the others, and by how many happenings. */
      readonly late?: Partial<Record<CacheName, number>>;
    }
  | { readonly type: 'round' }
  | { readonly type: 'wait'; readonly seconds: number }
  | { readonly type: 'replicaSets' | 'endpoints' }
  | {
      readonly type: 'gateway' | 'gatewayDies' | 'gatewayReturns' | 'gatewaySticks';
      /** Which of them; absent: the first. */
      readonly index?: number;
    }
  | { readonly type: 'ready' | 'unready' | 'die'; readonly pod: number }
  | { readonly type: 'allUnready' }
  | { readonly type: 'deploy'; readonly image: string }
  | { readonly type: 'replicas'; readonly count: number }
  | { readonly type: 'pause'; readonly paused: boolean }
  | { readonly type: 'configure'; readonly content: string }
  | { readonly type: 'command'; readonly verb: Verb }
  /** A user of an Application with sessions sends a request by one of the gateways. */
  | { readonly type: 'visit'; readonly user: number; readonly gateway: number }
  | { readonly type: 'strategy'; readonly strategy: History['strategy'] };

export interface History {
  readonly strategy: NonNullable<ApplicationSpec['strategy']>;
  readonly routed: boolean;
  readonly replicas: number;
  readonly happenings: readonly Happening[];
}

const whole = 1_000;
const second = 1_000;

/** The planner under test: the engine's own, or one that was broken on purpose. */
export type Planner = (observation: Observation, now: number) => Decision;

export interface RunOptions {
  /** Whether the system must come to rest afterwards. */
  readonly atRest?: boolean;
  readonly planner?: Planner | undefined;
}

interface Run {
  world: World;
  /** What was true before each happening: looks may see what was one or two of them ago. */
  readonly past: World[];
  readonly interruption: Interruption;
  readonly planner: Planner;
  readonly reached: Reached;
  /** How many happenings each cache has seen. */
  readonly seenUpTo: Map<CacheName, number>;
  readonly refusals: Refusals;
}

/** The controller dies after so many effects of its whole life, and another one goes on. */
interface Interruption {
  readonly at: number;
  effects: number;
}

/** Each is kept up to date by a watch of its own, and so each may be behind by itself. */
export const cacheNames = ['application', 'releases', 'replicaSets', 'pods', 'slice', 'split', 'commands'] as const;

export type CacheName = (typeof cacheNames)[number];

interface Looked {
  readonly world: World;
  readonly decision: Decision;
}

function look(
  { world, past, interruption, planner, reached, refusals, seenUpTo }: Run,
  { stopAfter, lag, late = {} }: Pick<Happening & { readonly type: 'look' }, 'stopAfter' | 'lag' | 'late'>,
): Looked {
  const seen = observationOf(lateWorld({ world, past, seenUpTo }, { lag, late }));
  const isCurrent = lag === 0 && Object.keys(late).length === 0;
  const decision = planner(seen, world.now);
  const after = carryOut(world, decision, {
    decidedOn: seen,
    stopAfter: Math.min(stopAfter, effectsLeft(interruption, decision)),
    onAction: (before, action, next) => {
      // What an older look could not know is no fault of the decision.
      if (isCurrent) checkDecided(before, action, next);
      if (action.type === 'deleteVersion') for (const pod of gone(before, next)) checkRemoval(reached, before, pod);
    },
  });
  checkRefusals(refusals, world, after);
  return { world: after, decision };
}

/** The world as caches show it: none of them ever goes back to what was before what it has shown. */
function lateWorld({ world, past, seenUpTo }: Pick<Run, 'world' | 'past' | 'seenUpTo'>, behind: Behind): World {
  const current = past.length - 1;
  const shown = (name: CacheName): World => {
    const index = Math.max(current - behind.lag - (behind.late[name] ?? 0), seenUpTo.get(name) ?? 0);
    seenUpTo.set(name, index);
    return index >= current ? world : (past[index] ?? world);
  };
  return cacheNames.reduce((seen, name) => {
    const part = shown(name)[name];
    return part === world[name] ? seen : { ...seen, [name]: part };
  }, world);
}

interface Behind {
  readonly lag: number;
  readonly late: Partial<Record<CacheName, number>>;
}

function gone(before: World, after: World): readonly Pod[] {
  return before.pods.filter((pod) => !after.pods.includes(pod));
}

function effectsLeft(interruption: Interruption, decision: Decision): number {
  const status = decision.applicationStatus === undefined ? 0 : 1;
  const before = interruption.effects;
  interruption.effects += status + decision.releaseStatuses.size + decision.actions.length;
  const isNow = interruption.at >= before && interruption.at < interruption.effects;
  return isNow ? interruption.at - before : Infinity;
}

function runSizes({ reached, world }: Run): World {
  return runReplicaSets(world, (before, pod) => {
    checkDeletion(before, pod);
    checkRemoval(reached, before, pod);
  });
}

/** Everything that moves by itself. */
function move(run: Run): World {
  const grown = runSizes(run);
  const started = grown.pods.reduce((all, _, index) => setReady(all, index, true), grown);
  return runGateways(runEndpoints(started));
}

interface Round extends Looked {
  /** Nothing has moved, and nothing was done. */
  readonly isStill: boolean;
}

/** Everything moves once, and the controller looks. */
function round(run: Run): Round {
  const moved = move(run);
  const { world, decision } = look({ ...run, world: moved }, { stopAfter: whole, lag: 0 });
  if (decision.actions.length === 0) {
    checkQuiet(moved);
    checkDelivered(moved);
  }
  return { world, decision, isStill: world === run.world };
}

function later(world: World, milliseconds: number): World {
  return { ...world, now: world.now + milliseconds };
}

function happen(run: Run, event: Happening): World {
  const { world } = run;
  switch (event.type) {
    case 'round':
      return later(round(run).world, second);
    case 'look':
      return look(run, event).world;
    case 'wait':
      return later(world, event.seconds * second);
    case 'replicaSets':
      return runSizes(run);
    case 'endpoints':
      return runEndpoints(world);
    case 'gateway':
      return runGateway(world, event.index ?? 0);
    case 'gatewayDies':
      return changeGateway(world, event.index ?? 0, { isAlive: false, inForce: undefined, sessions: new Map() });
    case 'gatewayReturns':
      return changeGateway(world, event.index ?? 0, { isAlive: true, isStuck: false });
    case 'gatewaySticks':
      return changeGateway(world, event.index ?? 0, { isStuck: true });
    case 'ready':
    case 'unready':
      return setReady(world, event.pod, event.type === 'ready');
    case 'allUnready':
      return world.pods.reduce((all, _, index) => setReady(all, index, false), world);
    case 'die':
      return removePod(world, event.pod);
    case 'deploy':
      return deploy(run, event.image);
    case 'replicas':
      return changeSpec(world, { replicas: event.count });
    case 'pause':
      return changeSpec(world, { paused: event.paused });
    case 'configure':
      if (world.configuration !== event.content) run.refusals.reasons += 1;
      return configure(world, event.content);
    case 'command':
      if (isTrying(event.verb)) run.refusals.reasons += 1;
      return ask(world, event.verb);
    case 'visit':
      return visit(world, event);
    case 'strategy':
      run.refusals.reasons += 1;
      return changeSpec(world, { strategy: event.strategy });
  }
}

function deploy({ world, refusals }: Run, image: string): World {
  const template = templateOf(image);
  if (template !== world.application.spec.template) refusals.reasons += 1;
  return changeSpec(world, { template });
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
  const { past, interruption, reached, seenUpTo, refusals } = run;
  return {
    ...run,
    past: [...past],
    interruption: { at, effects: interruption.effects },
    reached: new Map(reached),
    seenUpTo: new Map(seenUpTo),
    refusals: { ...refusals, refused: new Map(refusals.refused) },
  };
}

/** Named by a step where there is one, and watched beside it elsewhere; the guard holds both. */
const errors: Check = {
  name: 'errors',
  provider: { web: { url: 'https://metrics.test/errors', jsonPath: '$.rate' } },
  successWhen: 'value < 0.1',
  interval: '2s',
  count: 2,
};
const latency: Check = { ...errors, name: 'latency', failureLimit: 1, count: 3, when: ['release'] };

/** A preview is reached by a route only; where there is none, none is asked for. */
function strategyOf({ strategy, routed }: History): History['strategy'] {
  if (!routed && strategy.type === 'recreate') return { type: 'recreate' };
  const { previewHosts: _, ...blueGreen } = strategy.blueGreen ?? {};
  return routed || strategy.blueGreen === undefined ? strategy : { ...strategy, blueGreen };
}

const specs = new WeakMap<History['strategy'], Map<string, ApplicationSpec>>();

/** One object for all histories that begin with the same. */
function specOf(history: History): ApplicationSpec {
  const { strategy, routed, replicas } = history;
  const known = specs.get(strategy) ?? new Map<string, ApplicationSpec>();
  specs.set(strategy, known);
  const key = `${routed} ${replicas}`;
  const spec = known.get(key) ?? createSpec(history);
  known.set(key, spec);
  return spec;
}

function createSpec(history: History): ApplicationSpec {
  return {
    replicas: history.replicas,
    strategy: strategyOf(history),
    template: templateOf('a'),
    service: { ports: [{ port: 80 }] },
    healthCheck: { path: '/health', timeoutSeconds: 10 },
    checks: [errors, latency],
    progressDeadlineSeconds: 40,
    guardSeconds: 5,
    drainSeconds: 2,
    keepFailedSeconds: 1,
    ...(history.routed ? { route: { hosts: ['shop'] } } : {}),
  };
}

function begin(history: History, { planner = reconcileApplication }: RunOptions, interruption: Interruption): Run {
  return {
    world: createWorld(specOf(history)),
    past: [],
    interruption,
    planner,
    reached: new Map(),
    seenUpTo: new Map(),
    refusals: noRefusals(),
  };
}

function step(run: Run, event: Happening): void {
  run.past.push(run.world);
  run.world = happen(run, event);
  checkApart(run.world);
  noteRequests(run.reached, run.world);
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
  run.world = freed.application.spec.paused === true ? changeSpec(freed, { paused: false }) : freed;
  let unheeded = 0;
  for (let count = 0; count < roundsToRest; count += 1) {
    const { world, decision, isStill } = round(run);
    if (isStill && isAtRest(world)) return checkRest(world);
    checkApart(world);
    noteRequests(run.reached, world);
    const { requeueAfter } = decision;
    const isUnheeded = isStill && requeueAfter === undefined && !hasFormerSessions(world);
    unheeded += isUnheeded ? 1 : 0;
    if (unheeded > maximumUnheeded) throw new Violation(`nobody looks again: ${describeWorld(world)}`);
    run.world = later(world, isStill ? Math.max(second, requeueAfter ?? 0) : second);
    if (isUnheeded || count % 10 === 9) run.world = ask(run.world, 'resume');
    if (isUnheeded || count % 20 === 19) run.world = ask(run.world, 'promote');
  }
  throw new Violation(`no rest: ${describeWorld(run.world)}`);
}
