import type { Script } from '../scripted-release.ts';
import type { Strategy } from '../../src/api/application.ts';
import { back, check, done } from './vocabulary.ts';

const rolling: Strategy = { type: 'rolling', rolling: { maxSurge: 1 } };
const inPlace: Strategy = { type: 'rolling', rolling: { maxSurge: 0, maxUnavailable: 1 } };
const recreate: Strategy = { type: 'recreate' };

const errors = { ...check('errors'), count: 3 };

export const otherScenarios: readonly Script[] = [
  {
    name: 'rolling: changes all pods by itself',
    strategy: rolling,
    deeds: [{ deploy: 'b' }, { seconds: 60 }, { see: done }],
  },
  {
    name: 'rolling: changes them in place',
    strategy: inPlace,
    deeds: [{ deploy: 'b' }, { seconds: 90 }, { see: done }],
  },
  {
    name: 'rolling: changes all at once with a surge of all',
    strategy: { type: 'rolling', rolling: { maxSurge: '100%' } },
    deeds: [{ deploy: 'b' }, { seconds: 40 }, { see: done }],
  },
  {
    name: 'rolling: is aborted in its guard',
    strategy: rolling,
    spec: { guardSeconds: 120 },
    deeds: [
      { deploy: 'b' },
      { seconds: 60 },
      { see: { weights: '2:100' } },
      { command: 'abort' },
      { seconds: 30 },
      { see: back },
    ],
  },
  {
    name: 'rolling: is aborted in the middle',
    strategy: rolling,
    spec: { drainSeconds: 5 },
    deeds: [
      { deploy: 'b' },
      { seconds: 6 },
      { command: 'abort' },
      { seconds: 60 },
      { see: { ...back, phases: '1 Succeeded, 2 RolledBack' } },
    ],
  },
  {
    name: 'rolling: that is not healthy takes no pod from stable',
    strategy: rolling,
    deeds: [{ deploy: 'broken' }, { seconds: 40 }, { see: { ...back, phases: '1 Succeeded, 2 RolledBack' } }],
  },
  {
    name: 'rolling: gives way to a newer one',
    strategy: rolling,
    spec: { drainSeconds: 5 },
    deeds: [
      { deploy: 'b' },
      { seconds: 6 },
      { deploy: 'c' },
      { seconds: 120 },
      { see: { serving: '3', weights: '3:100', pods: '3:4' } },
    ],
  },
  {
    name: 'rolling: ends when spec asks for stable again',
    strategy: rolling,
    spec: { drainSeconds: 5 },
    deeds: [{ deploy: 'b' }, { seconds: 6 }, { deploy: 'a' }, { seconds: 60 }, { see: back }],
  },
  {
    name: 'rolling: ends at the size that was asked for meanwhile',
    strategy: rolling,
    spec: { drainSeconds: 3 },
    deeds: [
      { deploy: 'b' },
      { seconds: 5 },
      { set: { replicas: 6 } },
      { seconds: 120 },
      { see: { ...done, pods: '2:6' } },
    ],
  },
  {
    name: 'rolling: is rolled back',
    strategy: rolling,
    deeds: [{ deploy: 'b' }, { seconds: 60 }, { see: done }, { command: 'rollback' }, { seconds: 60 }, { see: back }],
  },
  {
    name: 'rolling: of one replica',
    strategy: rolling,
    spec: { replicas: 1 },
    deeds: [{ deploy: 'b' }, { seconds: 40 }, { see: { ...done, pods: '2:1' } }],
  },
  {
    name: 'recreate: stops the old and starts the new',
    strategy: recreate,
    deeds: [{ deploy: 'b' }, { seconds: 40 }, { see: done }],
  },
  {
    name: 'recreate: that is not healthy brings the old one back',
    strategy: recreate,
    deeds: [{ deploy: 'broken' }, { seconds: 60 }, { see: { ...back, phases: '1 Succeeded, 2 RolledBack' } }],
  },
  {
    name: 'recreate: is aborted during its guard',
    strategy: recreate,
    spec: { guardSeconds: 60 },
    deeds: [
      { deploy: 'b' },
      { seconds: 30 },
      { see: { weights: '2:100', pods: '2:4' } },
      { command: 'abort' },
      { seconds: 40 },
      { see: back },
    ],
  },
  {
    name: 'recreate: gives way to a newer one',
    strategy: recreate,
    spec: { guardSeconds: 60 },
    deeds: [
      { deploy: 'broken' },
      { seconds: 3 },
      { deploy: 'c' },
      { seconds: 60 },
      { see: { weights: '3:100', pods: '3:4' } },
    ],
  },
  {
    name: 'recreate: ends when spec asks for stable again',
    strategy: recreate,
    spec: { guardSeconds: 60 },
    deeds: [{ deploy: 'b' }, { seconds: 30 }, { deploy: 'a' }, { seconds: 60 }, { see: back }],
  },
  ...[rolling, recreate].map((strategy) => ({
    name: `${strategy.type}: ends as it began when the strategy changes on the way`,
    strategy,
    spec: { drainSeconds: 3 },
    deeds: [
      { deploy: 'b' },
      { seconds: 3 },
      { set: { strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } } as const } },
      { seconds: 90 },
      { see: done },
      { deploy: 'c' },
      { seconds: 20 },
      { see: { serving: '2', weights: '2:100', phases: '1 Succeeded, 2 Succeeded, 3 Paused' } },
    ],
  })),
  {
    name: 'recreate: is rolled back',
    strategy: recreate,
    deeds: [{ deploy: 'b' }, { seconds: 40 }, { command: 'rollback' }, { seconds: 60 }, { see: back }],
  },
  {
    name: 'recreate: ends at the size that was asked for meanwhile',
    strategy: recreate,
    deeds: [
      { deploy: 'b' },
      { seconds: 2 },
      { set: { replicas: 2 } },
      { seconds: 60 },
      { see: { ...done, pods: '2:2' } },
    ],
  },
  {
    name: 'a check is watched by the guard of blue-green too',
    strategy: { type: 'blueGreen' },
    spec: { checks: [errors], guardSeconds: 60 },
    deeds: [
      { deploy: 'b' },
      { seconds: 15 },
      { measure: 0.5 },
      { seconds: 40 },
      { see: { ...back, phases: '1 Succeeded, 2 RolledBack' } },
    ],
  },
  {
    name: 'a check that holds lets the guard end',
    strategy: { type: 'blueGreen' },
    spec: { checks: [errors], guardSeconds: 30 },
    deeds: [{ deploy: 'b' }, { seconds: 60 }, { see: done }],
  },
  {
    name: 'a check that fails once within its limit lets the guard end',
    strategy: { type: 'blueGreen' },
    spec: { checks: [{ ...errors, failureLimit: 2 }], guardSeconds: 40 },
    deeds: [
      { deploy: 'b' },
      { seconds: 12 },
      { measure: 0.5 },
      { seconds: 6 },
      { measure: 0 },
      { seconds: 60 },
      { see: done },
    ],
  },
];
