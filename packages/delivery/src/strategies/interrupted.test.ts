import { expect, test } from 'vitest';
import { runInterrupted } from '../../testing/histories.ts';
import type { Happening, History } from '../../testing/history.ts';

function rounds(count: number): readonly Happening[] {
  return Array.from({ length: count }, () => ({ type: 'round' }));
}

/** A life: releases, a change of configuration, a broken version, a pod that dies, and people. */
const life: readonly Happening[] = [
  ...rounds(12),
  { type: 'deploy', image: 'b' },
  ...rounds(4),
  { type: 'die', pod: 1 },
  ...rounds(9),
  { type: 'configure', content: 'second0000' },
  ...rounds(11),
  { type: 'deploy', image: 'broken' },
  ...rounds(14),
  { type: 'command', verb: 'rollback' },
  ...rounds(11),
  { type: 'replicas', count: 3 },
  { type: 'deploy', image: 'unfit' },
  ...rounds(4),
  { type: 'deploy', image: 'c' },
  ...rounds(3),
  { type: 'command', verb: 'abort' },
  ...rounds(2),
  { type: 'command', verb: 'undo' },
  ...rounds(12),
];

/** Users come back all along, so that versions keep their sessions. */
function withVisits(happenings: readonly Happening[]): readonly Happening[] {
  return happenings.flatMap((each, index): readonly Happening[] =>
    index % 3 === 0 ? [each, { type: 'visit', user: index % 4, gateway: index % 2 }] : [each],
  );
}

const canarySteps = [{ setWeight: 20 }, { pause: { seconds: 2 } }, { setWeight: 60 }];

const cases: ReadonlyArray<readonly [string, Pick<History, 'strategy' | 'routed'>]> = [
  [
    'blueGreen with a preview',
    { routed: true, strategy: { type: 'blueGreen', blueGreen: { previewReplicas: 1, previewHosts: ['preview'] } } },
  ],
  ['blueGreen inside the cluster', { routed: false, strategy: { type: 'blueGreen' } }],
  ['canary', { routed: true, strategy: { type: 'canary', canary: { steps: canarySteps } } }],
  [
    'canary inside the cluster',
    { routed: false, strategy: { type: 'canary', canary: { steps: canarySteps, approximate: true } } },
  ],
  ['recreate', { routed: true, strategy: { type: 'recreate', recreate: { holdSeconds: 30 } } }],
  ['recreate inside the cluster', { routed: false, strategy: { type: 'recreate' } }],
  ['rainbow', { routed: true, strategy: { type: 'rainbow', rainbow: { idleSeconds: 30, maxVersions: 2 } } }],
  ['rolling', { routed: true, strategy: { type: 'rolling' } }],
  [
    'rolling inside the cluster, without surge',
    { routed: false, strategy: { type: 'rolling', rolling: { maxSurge: 0, maxUnavailable: 1 } } },
  ],
];

test.each(cases)(
  '%s comes to rest whichever of its effects the controller dies after',
  (_, given) => {
    const happenings = given.strategy.type === 'rainbow' ? withVisits(life) : life;
    const history: History = { ...given, replicas: 2, happenings };
    const effects = runInterrupted(history, ({ application, releases }, at) => {
      const serving = releases.find(({ metadata }) => metadata.name === application.status?.serving?.release);
      expect(serving?.status?.phase, `after effect ${at}`).toBe('Succeeded');
    });
    expect(effects).toBeGreaterThan(100);
  },
  300_000,
);
