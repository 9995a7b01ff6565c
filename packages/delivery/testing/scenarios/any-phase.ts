/**
 * Whatever happens in whichever phase has one right end, under every strategy: each of them with each of those. What it is,
 * `docs/releases.md` says under "What happens in between".
 */
import type { Deed, Script, Seen } from '../scripted-release.ts';
import type { Strategy } from '../../src/api/application.ts';

/** With a drain that takes long enough to be met. */
const spec = { guardSeconds: 15, drainSeconds: 3, healthCheck: undefined };

interface Way {
  readonly strategy: Strategy;
  /** What a person may ask for instead. */
  readonly other: Strategy;
  readonly first?: readonly Deed[];
  /** When traffic has gone where it goes. */
  readonly last?: readonly Deed[];
}

const rainbow: Strategy = { type: 'rainbow' };

const ways: readonly Way[] = [
  { strategy: { type: 'rolling', rolling: { maxSurge: 1 } }, other: rainbow },
  { strategy: { type: 'recreate', recreate: { holdSeconds: 30 } }, other: rainbow },
  { strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } }, other: rainbow },
  {
    strategy: {
      type: 'canary',
      canary: { steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 75 }, { pause: {} }] },
    },
    other: rainbow,
  },
  {
    strategy: rainbow,
    other: { type: 'blueGreen' },
    first: [{ sessions: { '1': 30, '2': 20, '3': 10 } }],
    // Whichever version serves, the first one has pods for its users until the last of them has gone.
    last: [{ see: { pods: /^1:[1-6]\b/ } }, { sessions: { '1': 0, '2': 0, '3': 0 } }, { seconds: 30 }],
  },
];

interface Moment {
  readonly name: string;
  readonly deeds: readonly Deed[];
  /** Which version serves where nothing else happens. */
  readonly serving: '1' | '2';
  /** Seconds in which it ends. */
  readonly left: number;
}

const moments: readonly Moment[] = [
  { name: 'before its pods are ready', deeds: [{ deploy: 'slow' }, { seconds: 2 }], serving: '2', left: 180 },
  { name: 'on its way', deeds: [{ deploy: 'b' }, { seconds: 5 }], serving: '2', left: 60 },
  {
    name: 'when a person has let all traffic go',
    deeds: [{ deploy: 'b' }, { seconds: 5 }, { command: 'promote' }, { seconds: 0.2 }],
    serving: '2',
    left: 60,
  },
  {
    name: 'while it is guarded',
    deeds: [
      { deploy: 'b' },
      { seconds: 5 },
      { command: 'promote' },
      { seconds: 5 },
      { see: { phases: '1 Succeeded, 2 Guarding' } },
    ],
    serving: '2',
    left: 60,
  },
  {
    name: 'while a person pauses it',
    deeds: [{ deploy: 'b' }, { seconds: 1 }, { command: 'pause' }, { seconds: 3 }],
    serving: '2',
    left: 60,
  },
  {
    name: 'on its way back',
    deeds: [{ deploy: 'b' }, { seconds: 5 }, { command: 'abort' }, { seconds: 0.2 }],
    serving: '1',
    left: 60,
  },
];

interface Happening {
  readonly name: string;
  deed(way: Way): Deed;
  /** What it leads to, where that would serve otherwise. */
  seen(serving: string): Seen;
  /** What was under way may have all traffic by then, or not. */
  readonly isRace?: boolean;
}

const only = (version: string, count = 4): Seen => ({
  serving: version,
  weights: `${version}:100`,
  pods: `${version}:${count}`,
});

const happenings: readonly Happening[] = [
  { name: 'more replicas', deed: () => ({ set: { replicas: 6 } }), seen: (serving) => only(serving, 6) },
  { name: 'fewer replicas', deed: () => ({ set: { replicas: 2 } }), seen: (serving) => only(serving, 2) },
  { name: 'a lost pod of the version before', deed: () => ({ lose: '1' }), seen: (serving) => only(serving) },
  { name: 'a lost pod of the new version', deed: () => ({ lose: '2' }), seen: (serving) => only(serving) },
  { name: 'a third version', deed: () => ({ deploy: 'c' }), seen: () => only('3'), isRace: true },
  { name: 'the stable template again', deed: () => ({ deploy: 'a' }), seen: () => only('1') },
  {
    name: 'another strategy',
    deed: ({ other }) => ({ set: { strategy: other } }),
    seen: (serving) => only(serving),
  },
];

export const anyPhaseScenarios: readonly Script[] = ways.flatMap((way) =>
  moments.flatMap(({ name: when, deeds, serving, left }) =>
    happenings.map(({ name, deed, seen, isRace = false }) => ({
      name: `${way.strategy.type}: ${name} ${when}`,
      strategy: way.strategy,
      spec,
      isRace,
      deeds: [
        ...(way.first ?? []),
        ...deeds,
        deed(way),
        { seconds: 15 },
        // A person lets go on what waits for one.
        { command: 'promote' as const },
        { seconds: left },
        ...(way.last ?? []),
        { see: seen(serving) },
      ],
    })),
  ),
);
