/** Random histories of one Application, as data: what happened, in order, so that a failing one is shrunk and replayed. */
import * as fc from 'fast-check';
import type { ApplicationSpec } from '../src/api/application.ts';
import type { Check } from '../src/api/check.ts';
import type { Verb } from '../src/api/release-command.ts';
import { isFinished } from '../src/api/release.ts';
import type { Observation } from '../src/observation.ts';
import type { Decision } from '../src/plan.ts';
import { reconcileApplication } from '../src/reconcile.ts';
import { checkAction, checkDeletion, checkQuiet, Violation } from './invariants.ts';
import { carryOut } from './simulation/api.ts';
import { removePod, runEndpoints, runGateway, runReplicaSets, setReady } from './simulation/controllers.ts';
import { Outdated } from './simulation/effect.ts';
import { ask, changeSpec, configure, templateOf } from './simulation/people.ts';
import { unfitImage } from './simulation/record-effects.ts';
import { brokenImage, unfitMetricImage } from './simulation/version-effects.ts';
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

const images = ['a', 'b', 'c', brokenImage, unfitImage, unfitMetricImage];
const whole = 1_000;

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 10, arbitrary: fc.constant({ type: 'round' } as const) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('look' as const),
      stopAfter: fc.constantFrom(0, 1, 2, whole),
      lag: fc.constantFrom(0, 0, 1, 2),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('wait' as const), seconds: fc.constantFrom(1, 5, 31, 700) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom(
        'replicaSets' as const,
        'endpoints' as const,
        'gateway' as const,
        'gatewayDies' as const,
        'gatewayReturns' as const,
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constantFrom('ready' as const, 'unready' as const, 'die' as const),
      pod: fc.nat(8),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'allUnready' } as const) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('deploy' as const), image: fc.constantFrom(...images) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('replicas' as const), count: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('pause' as const), paused: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('configure' as const),
      content: fc.constantFrom('first00000', 'second0000'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('command' as const),
      verb: fc.constantFrom<Verb>('promote', 'resume', 'pause', 'abort', 'retry', 'rollback', 'undo'),
    }),
  },
);

const strategies: ReadonlyArray<History['strategy']> = [
  { type: 'blueGreen' },
  { type: 'blueGreen', blueGreen: { autoPromote: false, previewReplicas: 1, previewHosts: ['preview'] } },
  { type: 'blueGreen', blueGreen: { promoteAfterSeconds: 60, previewReplicas: 1 } },
  { type: 'canary', canary: { steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }], approximate: true } },
  {
    type: 'canary',
    canary: {
      steps: [{ setReplicas: 2 }, { setWeight: 50 }, { pause: { seconds: 30 } }, { setWeight: 10 }],
      approximate: true,
    },
  },
  {
    type: 'canary',
    canary: { steps: [{ setWeight: 40 }, { check: 'errors' }, { setWeight: 100 }], approximate: true },
  },
  { type: 'rolling' },
  { type: 'rolling', rolling: { maxSurge: 0, maxUnavailable: 1 } },
  { type: 'rolling', rolling: { maxSurge: 2, maxUnavailable: '50%' } },
];

function historyOfAny(among: ReadonlyArray<History['strategy']>): fc.Arbitrary<History> {
  return fc.record({
    strategy: fc.constantFrom(...among),
    routed: fc.boolean(),
    replicas: fc.integer({ min: 1, max: 4 }),
    happenings: fc.array(happening, { minLength: 5, maxLength: 36, size: 'max' }),
  });
}

export const history = historyOfAny(strategies);

/** Those that histories are made of. */
export const strategyTypes: readonly string[] = [...new Set(strategies.map(({ type }) => type))];

export function historyOf(strategy: string): fc.Arbitrary<History> {
  return historyOfAny(strategies.filter(({ type }) => type === strategy));
}

/** Looks that see what was true one or two happenings ago. */
interface Run {
  world: World;
  readonly past: Observation[];
  readonly interruption: Interruption;
}

/** The controller dies after so many effects of its whole life, and another one goes on. */
interface Interruption {
  readonly at: number;
  effects: number;
}

function look(
  { world, past, interruption }: Run,
  { stopAfter, lag }: { readonly stopAfter: number; readonly lag: number },
): World {
  const seen = lag === 0 ? observationOf(world) : (past.at(-lag) ?? observationOf(world));
  const decision = reconcileApplication(seen, world.now);
  let written = world;
  try {
    return carryOut(world, decision, {
      decidedOn: seen,
      stopAfter: Math.min(stopAfter, effectsLeft(interruption, decision)),
      onAction: (before, action, after) => {
        written = after;
        // What an older look could not know is no fault of the decision.
        if (lag === 0) checkAction(before, action, after);
      },
    });
  } catch (error) {
    if (error instanceof Outdated) return written;
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

/** Everything that moves by itself moves once. */
function round(run: Run): World {
  const steps: ReadonlyArray<(world: World) => World> = [
    (world) => runReplicaSets(world, checkDeletion),
    (world) => world.pods.reduce((all, _, index) => setReady(all, index, true), world),
    runEndpoints,
    runGateway,
  ];
  const moved = steps.reduce((world, step) => step(world), run.world);
  const looked = look({ ...run, world: moved }, { stopAfter: whole, lag: 0 });
  if (reconcileApplication(observationOf(moved), moved.now).actions.length === 0) checkQuiet(moved);
  return { ...looked, now: looked.now + 1_000 };
}

function happen(run: Run, event: Happening): World {
  const { world } = run;
  switch (event.type) {
    case 'round':
      return round(run);
    case 'look':
      return look(run, event);
    case 'wait':
      return { ...world, now: world.now + event.seconds * 1_000 };
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

/** A preview is reached by a route only; where there is none, none is asked for. */
function strategyOf({ strategy, routed }: History): History['strategy'] {
  const { previewHosts: _, ...blueGreen } = strategy.blueGreen ?? {};
  return routed || strategy.blueGreen === undefined ? strategy : { ...strategy, blueGreen };
}

/** Runs a history; throws a `Violation` where an invariant breaks or, with `atRest`, where the system does not come to rest afterwards. */
export function runHistory(history: History, { atRest } = { atRest: true }): World {
  return run(history, { atRest, interruption: { at: Infinity, effects: 0 } }).world;
}

/** The effects of a history: at each of them the controller may be interrupted. */
export function countEffects(history: History): number {
  return run(history, { atRest: true, interruption: { at: Infinity, effects: 0 } }).interruption.effects;
}

export function runInterrupted(history: History, at: number): World {
  return run(history, { atRest: true, interruption: { at, effects: 0 } }).world;
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

function run(
  history: History,
  { atRest, interruption }: { readonly atRest: boolean; readonly interruption: Interruption },
): Run {
  const { routed, replicas, happenings } = history;
  const spec: ApplicationSpec = {
    replicas,
    strategy: strategyOf(history),
    template: templateOf('a'),
    service: { ports: [{ port: 80 }] },
    healthCheck: { path: '/health', timeoutSeconds: 10 },
    checks: [errors, latency],
    progressDeadlineSeconds: 40,
    guardSeconds: 5,
    drainSeconds: 2,
    keepFailedSeconds: 1,
    ...(routed ? { route: { hosts: ['shop'] } } : {}),
  };
  const state: Run = { world: createWorld(spec), past: [], interruption };
  for (const event of happenings) {
    state.past.push(observationOf(state.world));
    state.world = happen(state, event);
  }
  if (atRest) comeToRest(state);
  return state;
}

const roundsToRest = 150;

/** When nothing goes wrong any more, a release ends, and the stable version has all pods and all traffic. */
function comeToRest(run: Run): World {
  run.world = changeSpec({ ...run.world, gatewayAlive: true }, { paused: false });
  for (let count = 0; count < roundsToRest; count += 1) {
    run.world = round(run);
    if (count % 10 === 9) run.world = ask(run.world, 'resume');
    if (count % 20 === 19) run.world = ask(run.world, 'promote');
    if (count > 3 && isAtRest(run.world)) return run.world;
  }
  throw new Violation(`no rest: ${describe(run.world)}`);
}

function isAtRest(world: World): boolean {
  const { application, releases, commands } = world;
  if (commands.length > 0) return false;
  if (application.spec.replicas === 0) return true;
  if (releases.some(({ status }) => status === undefined || !isFinished(status.phase))) return false;
  const serving = application.status?.serving?.release;
  return serving === undefined ? isUnserved(world) : hasAllPods(world, serving) && hasAllTraffic(world, serving);
}

/** What failed without a version before it is kept for a look, and nothing leads to it. */
function isUnserved({ pods, split, replicaSets }: World): boolean {
  const labelled = [...pods, ...replicaSets.map(({ spec }) => ({ metadata: spec?.template?.metadata ?? {} }))];
  return split === undefined && labelled.every(({ metadata }) => metadata.labels?.['slipway.dev/serves'] === undefined);
}

function hasAllPods({ application, pods }: World, serving: string): boolean {
  const isWhole = pods.every(
    ({ metadata: { labels } }) =>
      labels?.['slipway.dev/release'] === serving && labels['slipway.dev/serves'] === 'true',
  );
  return isWhole && pods.length === application.spec.replicas;
}

function hasAllTraffic({ split }: World, serving: string): boolean {
  const carrying = split?.spec.rules[0]?.backends.filter(({ weight }) => weight > 0);
  return carrying === undefined || (carrying.length === 1 && carrying[0]?.version === serving);
}

function describe({ application, releases, pods, split }: World): string {
  return JSON.stringify({
    serving: application.status?.serving?.release,
    replicas: application.spec.replicas,
    waitingFor: application.status?.waitingFor,
    releases: releases.map(({ metadata, status }) => `${metadata.name}:${status?.phase}:${status?.waitingFor ?? ''}`),
    pods: pods.map(
      ({ metadata, status }) =>
        `${metadata.labels?.['slipway.dev/release']}${status === undefined ? '?' : ''}${metadata.labels?.['slipway.dev/serves'] ?? ''}`,
    ),
    split: split?.spec.rules[0]?.backends,
  });
}
