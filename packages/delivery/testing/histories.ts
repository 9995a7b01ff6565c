/** Histories of one Application, as data: what happened, in order, so that a failing one is shrunk and run again. */
import type { ApplicationSpec } from '../src/api/application.ts';
import type { Check } from '../src/api/check.ts';
import type { Verb } from '../src/api/release-command.ts';
import type { Observation } from '../src/observation.ts';
import type { Decision } from '../src/plan.ts';
import { reconcileApplication } from '../src/reconcile.ts';
import { checkAction, checkDeletion, checkQuiet, Violation } from './invariants.ts';
import { describeWorld, isAtRest } from './rest.ts';
import { carryOut } from './simulation/api.ts';
import { removePod, runEndpoints, runGateway, runReplicaSets, setReady } from './simulation/controllers.ts';
import { Outdated } from './simulation/effect.ts';
import { ask, changeSpec, configure, templateOf } from './simulation/people.ts';
import { createWorld, observationOf, type World } from './simulation/world.ts';

export type Happening =
  | { readonly type: 'look'; readonly stopAfter: number; readonly lag: number }
  | { readonly type: 'round' }
  | { readonly type: 'wait'; readonly seconds: number }
  | { readonly type: 'replicaSets' | 'endpoints' | 'gateway' | 'gatewayDies' | 'gatewayReturns' }
  | { readonly type: 'ready' | 'unready' | 'die'; readonly pod: number }
  | { readonly type: 'allUnready' }
  | { readonly type: 'deploy'; readonly image: string }
  | { readonly type: 'replicas'; readonly count: number }
  | { readonly type: 'pause'; readonly paused: boolean }
  | { readonly type: 'configure'; readonly content: string }
  | { readonly type: 'command'; readonly verb: Verb };

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
  readonly planner?: Planner;
}

interface Run {
  world: World;
  /** What was true before each happening: looks may see what was one or two of them ago. */
  readonly past: World[];
  readonly interruption: Interruption;
  readonly planner: Planner;
}

/** The controller dies after so many effects of its whole life, and another one goes on. */
interface Interruption {
  readonly at: number;
  effects: number;
}

interface Looked {
  readonly world: World;
  readonly decision: Decision;
}

function look(
  { world, past, interruption, planner }: Run,
  { stopAfter, lag }: { readonly stopAfter: number; readonly lag: number },
): Looked {
  const seen = observationOf(lag === 0 ? world : (past.at(-lag) ?? world));
  const decision = planner(seen, world.now);
  let written = world;
  try {
    const after = carryOut(world, decision, {
      decidedOn: seen,
      stopAfter: Math.min(stopAfter, effectsLeft(interruption, decision)),
      onAction: (before, action, next) => {
        written = next;
        // What an older look could not know is no fault of the decision.
        if (lag === 0) checkAction(before, action, next);
      },
    });
    return { world: after, decision };
  } catch (error) {
    if (error instanceof Outdated) return { world: written, decision };
    throw error;
  }
}

function effectsLeft(interruption: Interruption, decision: Decision): number {
  const status = decision.applicationStatus === undefined ? 0 : 1;
  const before = interruption.effects;
  interruption.effects += status + decision.releaseStatuses.size + decision.actions.length;
  const isNow = interruption.at >= before && interruption.at < interruption.effects;
  return isNow ? interruption.at - before : Infinity;
}

/** Everything that moves by itself. */
function move(world: World): World {
  const grown = runReplicaSets(world, checkDeletion);
  const started = grown.pods.reduce((all, _, index) => setReady(all, index, true), grown);
  return runGateway(runEndpoints(started));
}

interface Round extends Looked {
  /** Nothing has moved, and nothing was done. */
  readonly isStill: boolean;
}

/** Everything moves once, and the controller looks. */
function round(run: Run): Round {
  const moved = move(run.world);
  const { world, decision } = look({ ...run, world: moved }, { stopAfter: whole, lag: 0 });
  if (decision.actions.length === 0) checkQuiet(moved);
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
      return runReplicaSets(world, checkDeletion);
    case 'endpoints':
      return runEndpoints(world);
    case 'gateway':
      return runGateway(world);
    case 'gatewayDies':
      return { ...world, gatewayAlive: false };
    case 'gatewayReturns':
      return { ...world, gatewayAlive: true };
    case 'ready':
    case 'unready':
      return setReady(world, event.pod, event.type === 'ready');
    case 'allUnready':
      return world.pods.reduce((all, _, index) => setReady(all, index, false), world);
    case 'die':
      return removePod(world, event.pod);
    case 'deploy':
      return changeSpec(world, { template: templateOf(event.image) });
    case 'replicas':
      return changeSpec(world, { replicas: event.count });
    case 'pause':
      return changeSpec(world, { paused: event.paused });
    case 'configure':
      return configure(world, event.content);
    case 'command':
      return ask(world, event.verb);
  }
}

/** Throws a `Violation` where an invariant breaks or the system does not come to rest. */
export function runHistory(history: History, options: RunOptions = {}): World {
  return run(history, options, { at: Infinity, effects: 0 }).world;
}

/** The effects of a history: at each of them the controller may be interrupted. */
export function countEffects(history: History): number {
  return run(history, {}, { at: Infinity, effects: 0 }).interruption.effects;
}

export function runInterrupted(history: History, at: number): World {
  return run(history, {}, { at, effects: 0 }).world;
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
  const { previewHosts: _, ...blueGreen } = strategy.blueGreen ?? {};
  return routed || strategy.blueGreen === undefined ? strategy : { ...strategy, blueGreen };
}

function specOf(history: History): ApplicationSpec {
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

function run(
  history: History,
  { atRest = true, planner = reconcileApplication }: RunOptions,
  interruption: Interruption,
): Run {
  const state: Run = { world: createWorld(specOf(history)), past: [], interruption, planner };
  for (const event of history.happenings) {
    state.past.push(state.world);
    state.world = happen(state, event);
  }
  if (atRest) comeToRest(state);
  return state;
}

const roundsToRest = 150;

/**
 * When nothing goes wrong any more, a release ends, and the stable version has all pods and all traffic. Where nothing
 * moves, the next look is the one that the controller asked for; where it asked for none, only a person can help.
 */
function comeToRest(run: Run): void {
  const freed = { ...run.world, gatewayAlive: true };
  run.world = freed.application.spec.paused === true ? changeSpec(freed, { paused: false }) : freed;
  for (let count = 0; count < roundsToRest; count += 1) {
    const { world, decision, isStill } = round(run);
    if (isStill && isAtRest(world)) return;
    const { requeueAfter } = decision;
    run.world = later(world, isStill ? Math.max(second, requeueAfter ?? second) : second);
    if (count % 10 === 9 || (isStill && requeueAfter === undefined)) run.world = ask(run.world, 'resume');
    if (count % 20 === 19 || (isStill && requeueAfter === undefined)) run.world = ask(run.world, 'promote');
  }
  throw new Violation(`no rest: ${describeWorld(run.world)}`);
}
