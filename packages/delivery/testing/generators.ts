/** Random histories, by strategy, and of several Applications that are released in one order. */
import * as fc from 'fast-check';
import { foreignRouters, type Carrier } from '@slipway/kube/split';
import type { Verb } from '../src/api/release-command.ts';
import { cacheNames, type Happening, type History } from './history.ts';
import { removableKinds } from './simulation/hands.ts';
import { unfitImage } from './simulation/record-effects.ts';
import { brokenImage, unfitMetricImage } from './simulation/version-effects.ts';

const images = ['a', 'b', 'c', brokenImage, unfitImage, unfitMetricImage];
const whole = 1_000;

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
  {
    type: 'canary',
    canary: { steps: [{ setReplicas: 2 }, { check: 'errors' }, { pause: {} }, { setWeight: 50 }], approximate: true },
  },
  { type: 'recreate' },
  { type: 'recreate', recreate: { holdSeconds: 30 } },
  { type: 'rolling' },
  { type: 'rolling', rolling: { maxSurge: 0, maxUnavailable: 1 } },
  { type: 'rolling', rolling: { maxSurge: 2, maxUnavailable: '50%' } },
];

const rainbows: ReadonlyArray<History['strategy']> = [
  { type: 'rainbow', rainbow: { idleSeconds: 8 } },
  { type: 'rainbow', rainbow: { idleSeconds: 20, maxVersions: 2 } },
  { type: 'rainbow', rainbow: { idleSeconds: 700, maxAgeSeconds: 40 } },
];

const anyRouter = fc.constantFrom<Carrier>('gateway', ...foreignRouters);

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
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('look' as const),
      stopAfter: fc.constantFrom(1, whole, whole),
      lag: fc.constant(0),
      late: fc.dictionary(fc.constantFrom(...cacheNames), fc.integer({ min: 1, max: 3 }), { minKeys: 1, maxKeys: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('wait' as const), seconds: fc.constantFrom(1, 5, 31, 700) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom('replicaSets' as const, 'endpoints' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom(
        'gateway' as const,
        'gateway' as const,
        'gatewayDies' as const,
        'gatewayReturns' as const,
        'gatewaySticks' as const,
        'gatewayRefuses' as const,
      ),
      index: fc.constantFrom(0, 1, 0, 1, 2, 3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('through' as const),
      router: anyRouter,
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
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('look' as const),
      stopAfter: fc.nat(4),
      lag: fc.constantFrom(0, 0, 1),
      broken: fc.record({
        part: fc.nat(31),
        end: fc.constantFrom('lost' as const, 'late' as const),
        lives: fc.boolean(),
      }),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ type: 'arrive' } as const, { type: 'restart' } as const) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('job' as const),
      index: fc.nat(1),
      end: fc.constantFrom('Complete' as const, 'Failed' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('approve' as const),
      release: fc.nat(2),
      hook: fc.constantFrom('agree' as const, 'confirm' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('webhook' as const),
      answers: fc.constantFrom('passed' as const, 'failed' as const, 'error' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('strategy' as const),
      strategy: fc.constantFrom(...strategies.filter(({ blueGreen }) => blueGreen === undefined), ...rainbows),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('clock' as const), seconds: fc.constantFrom(-30, -4, 4, 3_600) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('evict' as const), pod: fc.nat(8) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('removed' as const),
      kind: fc.constantFrom(...removableKinds),
      index: fc.nat(3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('autoscale' as const), factor: fc.constantFrom(0.4, 1.5, 3) }),
  },
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

/** Of the Application itself: seldom, because little comes after it. */
const removal: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ type: fc.constant('delete' as const), foreground: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant({ type: 'apply' } as const) },
);

/** Of routers that refuse in the middle of a release, and of others that take over from them. */
const rerouting: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ type: fc.constant('through' as const), router: anyRouter }) },
  { weight: 2, arbitrary: fc.constant({ type: 'gatewayRefuses', index: 2 } as const) },
  { weight: 1, arbitrary: fc.constant({ type: 'command', verb: 'abort' } as const) },
);

/** Of an order in the middle of releases: members come, go and change places, groups end and are made again, and circles close. */
const reordering: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('regroup' as const),
      group: fc.constantFrom(0, 0, 1),
      order: fc.option(
        fc.record({ members: fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 3 }), together: fc.boolean() }),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('depend' as const),
      on: fc.uniqueArray(fc.nat(3), { maxLength: 2 }),
      of: fc.nat(2),
    }),
  },
);

/** In most histories nothing but what happens every day, and in a share of them each of the rest. */
function happeningsOf(
  usual: fc.Arbitrary<Happening>,
  maxLength: number,
  others: ReadonlyArray<fc.Arbitrary<Happening>> = [],
): fc.Arbitrary<readonly Happening[]> {
  const among = (each: fc.Arbitrary<Happening>): fc.Arbitrary<readonly Happening[]> =>
    fc.array(each, { minLength: 5, maxLength, size: 'max' });
  const seldom = (each: fc.Arbitrary<Happening>, weight: number): fc.Arbitrary<readonly Happening[]> =>
    among(fc.oneof({ weight: 12, arbitrary: usual }, { weight, arbitrary: each }));
  return fc.oneof(
    { weight: 15, arbitrary: among(usual) },
    { weight: 1, arbitrary: seldom(removal, 1) },
    { weight: 2, arbitrary: seldom(rerouting, 4) },
    ...others.map((each) => ({ weight: 8, arbitrary: seldom(each, 2) })),
  );
}

const visit: fc.Arbitrary<Happening> = fc.record({
  type: fc.constant('visit' as const),
  user: fc.nat(3),
  gateway: fc.nat(1),
});

const seldomTrue = fc.constantFrom(...Array.from({ length: 15 }, () => false), true);

function historyOfAny(among: ReadonlyArray<History['strategy']>): fc.Arbitrary<History> {
  return fc.record({
    strategy: fc.constantFrom(...among),
    routed: fc.boolean(),
    replicas: fc.integer({ min: 1, max: 4 }),
    hooked: fc.boolean(),
    approved: seldomTrue,
    serving: fc.constantFrom(true, true, false),
    happenings: happeningsOf(happening, 36),
    unasked: seldomTrue,
    isRefusalLasting: fc.boolean(),
  });
}

/** New versions and what people say of them are what an order is about. */
const befalling: fc.Arbitrary<Happening> = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: happening },
      {
        weight: 1,
        arbitrary: fc.record({ type: fc.constant('deploy' as const), image: fc.constantFrom('b', 'c', brokenImage) }),
      },
    ),
    fc.nat(2),
  )
  .map(([event, of]) => (of === 0 ? event : { ...event, of }));

/** Sessions come by a route, and where nobody sends requests there are none. */
const historyOfRainbow: fc.Arbitrary<History> = fc.record({
  strategy: fc.constantFrom(...rainbows),
  routed: fc.constant(true),
  replicas: fc.integer({ min: 1, max: 4 }),
  approved: seldomTrue,
  serving: fc.constantFrom(true, true, false),
  happenings: happeningsOf(fc.oneof({ weight: 4, arbitrary: happening }, { weight: 1, arbitrary: visit }), 48),
  unasked: seldomTrue,
  isRefusalLasting: fc.boolean(),
});

/** Of gateways that learn late which pods have left. */
const lag: fc.Arbitrary<Happening> = fc.record({
  type: fc.constantFrom(
    'gatewayLags' as const,
    'gatewayLags' as const,
    'gatewayFollows' as const,
    'gatewaySticks' as const,
  ),
  index: fc.nat(1),
});

/** Of gateways that lose the API server, and of time that goes by meanwhile. */
const partition: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom('gatewayIsCut' as const, 'gatewayIsCut' as const, 'gatewayReconnects' as const),
      index: fc.constantFrom(0, 1, 1),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'wait', seconds: 16 } as const) },
);

const lateSlices: fc.Arbitrary<Happening> = fc.record({
  type: fc.constantFrom('slicesLag' as const, 'slicesFollow' as const),
});

/** Whoever comes by no gateway meets none that lags. */
const historyOfLagging: fc.Arbitrary<History> = fc.record({
  strategy: fc.constantFrom(...strategies),
  routed: fc.constant(true),
  replicas: fc.integer({ min: 1, max: 4 }),
  hooked: fc.boolean(),
  approved: seldomTrue,
  serving: fc.constantFrom(true, true, false),
  happenings: fc.oneof(
    happeningsOf(fc.oneof({ weight: 12, arbitrary: happening }, { weight: 1, arbitrary: lag }), 36),
    happeningsOf(
      fc.oneof(
        { weight: 24, arbitrary: happening },
        { weight: 1, arbitrary: lag },
        { weight: 3, arbitrary: partition },
        { weight: 2, arbitrary: lateSlices },
      ),
      36,
    ),
  ),
  unasked: fc.boolean(),
  isRefusalLasting: fc.boolean(),
  isCutLasting: fc.boolean(),
});

/** What befalls one of several is told by its place; a look at each of them takes as long as one at one. */
const historyOfGroup: fc.Arbitrary<History> = fc.record({
  strategy: fc.constantFrom(...strategies),
  routed: fc.boolean(),
  replicas: fc.integer({ min: 1, max: 2 }),
  hooked: fc.boolean(),
  approved: seldomTrue,
  serving: fc.constantFrom(true, true, false),
  group: fc.record({
    members: fc.constantFrom(2, 2, 3),
    by: fc.constantFrom('group' as const, 'group' as const, 'dependsOn' as const),
    together: fc.boolean(),
  }),
  happenings: happeningsOf(befalling, 28, [reordering]),
  unasked: seldomTrue,
  isRefusalLasting: fc.boolean(),
});

/** Any strategy, and several Applications. */
export const inOrder = 'inOrder';

/** Any strategy, behind gateways that lag, or lose the API server. */
const lagging = 'lagging';

export const history = historyOfAny(strategies);

/** Those that histories are made of. */
export const strategyTypes: readonly string[] = [
  ...new Set([...strategies, ...rainbows].map(({ type }) => type)),
  inOrder,
  lagging,
];

export function historyOf(strategy: string): fc.Arbitrary<History> {
  if (strategy === inOrder) return historyOfGroup;
  if (strategy === lagging) return historyOfLagging;
  return strategy === 'rainbow' ? historyOfRainbow : historyOfAny(strategies.filter(({ type }) => type === strategy));
}
