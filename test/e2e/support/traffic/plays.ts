import type { ApplicationSpec, Strategy } from '@slipway/delivery/api/application';
import type { Verb } from '@slipway/delivery/api/release-command';
import type { ReleasedApplication } from './released-application.ts';

/** A point on the way of a release at which somebody may change their mind. */
export interface Station {
  readonly name: string;
  reached(application: ReleasedApplication, version: string): Promise<unknown>;
  /** What a person says for the release to go on; absent where it does by itself. */
  readonly leave?: Verb;
  /** What a person says for it to stay, where it would go on. */
  readonly stay?: { readonly say: Verb; readonly leave: Verb };
}

/** How a strategy is put to the proof. Another strategy is another one of these. */
export interface Play {
  readonly strategy: Strategy;
  /** In the order in which a release passes them. */
  readonly stations: readonly Station[];
  /** Index of the one at which both versions have pods and the release can stay as long as somebody likes. */
  readonly standing: number;
}

const guarded: Station = {
  name: 'guarded',
  reached: (application, version) => application.reaches({ version, phases: ['Guarding', 'Succeeded'] }),
};

const begun: Station = { name: 'begun', reached: (application, version) => application.until(version, () => true) };

function pausedAt(percent: number): Station {
  return {
    name: `at ${percent} %`,
    reached: (application, version) => application.stands(version, percent),
    leave: 'resume',
  };
}

export const plays: readonly Play[] = [
  {
    strategy: { type: 'rolling', rolling: { maxSurge: 1, maxUnavailable: 0 } },
    stations: [
      {
        name: 'half done',
        reached: (application, version) => application.carries(version, 50),
        stay: { say: 'pause', leave: 'resume' },
      },
      guarded,
    ],
    standing: 0,
  },
  {
    strategy: { type: 'recreate', recreate: { holdSeconds: 90 } },
    stations: [
      {
        name: 'held',
        reached: (application, version) =>
          application.until(version, ({ split }) =>
            Object.values(split?.weights ?? { none: 1 }).every((weight) => weight === 0),
          ),
      },
      guarded,
    ],
    standing: 1,
  },
  {
    strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } },
    stations: [
      begun,
      {
        name: 'ready',
        reached: (application, version) => application.until(version, ({ phase }) => phase === 'Paused'),
        leave: 'promote',
      },
      guarded,
    ],
    standing: 1,
  },
  {
    strategy: {
      type: 'canary',
      canary: { steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }] },
    },
    stations: [pausedAt(20), pausedAt(60), guarded],
    standing: 0,
  },
  {
    // Nobody of the load comes back with a cookie: the users who do are asked for what they see.
    strategy: { type: 'rainbow', rainbow: { idleSeconds: 3 } },
    stations: [begun, guarded],
    standing: 1,
  },
];

/** Spec of the Application of a play: so many pods that one of them may be missed. */
export function specOf({ strategy }: Play): Partial<ApplicationSpec> {
  return { strategy, replicas: 2, guardSeconds: 1, history: { limit: 4 } };
}
