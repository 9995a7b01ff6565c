import type { Script } from '../scripted-release.ts';
import type { CanaryStep, Strategy } from '../../src/api/application.ts';
import type { Check } from '../../src/api/check.ts';

const canary = (...steps: readonly CanaryStep[]): Strategy => ({ type: 'canary', canary: { steps } });
const stop = { pause: {} };
const quarter = canary({ setWeight: 25 }, stop, { setWeight: 50 }, stop);
const timed = canary({ setWeight: 25 }, { pause: { seconds: 20 } }, { setWeight: 75 }, { pause: { seconds: 20 } });
const back = { serving: '1', weights: '1:100', pods: '1:4' };
const done = { serving: '2', weights: '2:100', phases: '1 Succeeded, 2 Succeeded', pods: '2:4' };

const errors: Check = {
  name: 'errors',
  provider: { web: { url: 'http://metrics.test/errors', jsonPath: '$.rate' } },
  successWhen: 'value < 0.1',
  interval: '5s',
  count: 3,
};
const checked = canary({ setWeight: 25 }, { check: 'errors' }, { setWeight: 50 }, stop);

export const canaryScenarios: readonly Script[] = [
  {
    name: 'without a pause goes through all steps by itself',
    strategy: canary({ setWeight: 20 }, { setWeight: 60 }),
    deeds: [{ deploy: 'b' }, { seconds: 30 }, { see: done }],
  },
  {
    name: 'with a weight of 0 brings up no traffic',
    strategy: canary({ setWeight: 0 }, stop),
    deeds: [{ deploy: 'b' }, { seconds: 10 }, { see: { weights: '1:100', phases: '1 Succeeded, 2 Paused' } }],
  },
  {
    name: 'with a weight of 100 waits with all traffic at the candidate',
    strategy: canary({ setWeight: 100 }, stop),
    deeds: [
      { deploy: 'b' },
      { seconds: 12 },
      { see: { serving: '1', weights: '2:100', phases: '1 Succeeded, 2 Paused' } },
    ],
  },
  {
    name: 'may lower its weight again',
    strategy: canary({ setWeight: 50 }, { setWeight: 25 }, stop),
    deeds: [{ deploy: 'b' }, { seconds: 15 }, { see: { weights: '1:75 2:25' } }],
  },
  {
    name: 'is resumed from pause to pause',
    strategy: quarter,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { see: { weights: '1:75 2:25', pods: '1:4 2:1' } },
      { command: 'resume' },
      { seconds: 10 },
      { see: { weights: '1:50 2:50', pods: '1:4 2:2' } },
      { command: 'resume' },
      { seconds: 25 },
      { see: done },
    ],
  },
  {
    name: 'waits for a person for as long as it takes',
    strategy: quarter,
    deeds: [{ deploy: 'b' }, { seconds: 300 }, { see: { weights: '1:75 2:25', phases: '1 Succeeded, 2 Paused' } }],
  },
  {
    name: 'holds each timed step for its time',
    strategy: timed,
    deeds: [
      { deploy: 'b' },
      { seconds: 15 },
      { see: { weights: '1:75 2:25' } },
      { seconds: 16 },
      { see: { weights: '1:25 2:75' } },
      { seconds: 45 },
      { see: done },
    ],
  },
  {
    name: 'is promoted from its first step',
    strategy: quarter,
    deeds: [{ deploy: 'b' }, { seconds: 10 }, { command: 'promote' }, { seconds: 25 }, { see: done }],
  },
  {
    name: 'is promoted in the middle of a timed step',
    strategy: timed,
    deeds: [{ deploy: 'b' }, { seconds: 10 }, { command: 'promote' }, { seconds: 25 }, { see: done }],
  },
  {
    name: 'is aborted in its first step',
    strategy: quarter,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { command: 'abort' },
      { seconds: 15 },
      { see: { ...back, phases: '1 Succeeded, 2 RolledBack' } },
    ],
  },
  {
    name: 'is aborted in a later step',
    strategy: quarter,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { command: 'resume' },
      { seconds: 10 },
      { command: 'abort' },
      { seconds: 15 },
      { see: back },
    ],
  },
  {
    name: 'is aborted with all traffic at the candidate',
    strategy: canary({ setWeight: 100 }, stop),
    deeds: [{ deploy: 'b' }, { seconds: 12 }, { command: 'abort' }, { seconds: 15 }, { see: back }],
  },
  {
    name: 'is aborted during its guard',
    strategy: canary({ setWeight: 50 }),
    spec: { guardSeconds: 60 },
    deeds: [
      { deploy: 'b' },
      { seconds: 20 },
      { see: { weights: '2:100', phases: '1 Succeeded, 2 Guarding' } },
      { command: 'abort' },
      { seconds: 15 },
      { see: back },
    ],
  },
  {
    name: 'that was aborted begins with the first step again by a retry',
    strategy: quarter,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { command: 'resume' },
      { seconds: 10 },
      { command: 'abort' },
      { seconds: 15 },
      { command: 'retry' },
      { seconds: 12 },
      { see: { weights: '1:75 2:25', phases: '1 Succeeded, 2 Paused' } },
    ],
  },
  {
    name: 'that was aborted is not tried again by scaling',
    strategy: quarter,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { command: 'abort' },
      { seconds: 15 },
      { set: { replicas: 2 } },
      { seconds: 15 },
      { see: { serving: '1', weights: '1:100', pods: '1:2' } },
    ],
  },
  {
    name: 'gives way to a newer version, which begins with the first step',
    strategy: quarter,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { command: 'resume' },
      { seconds: 10 },
      { deploy: 'c' },
      { seconds: 20 },
      { see: { weights: '1:75 3:25', phases: '1 Succeeded, 2 Superseded, 3 Paused' } },
    ],
  },
  {
    name: 'ends when spec asks for the stable version again',
    strategy: quarter,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { deploy: 'a' },
      { seconds: 15 },
      { see: { ...back, phases: '1 Succeeded, 2 Superseded' } },
    ],
  },
  {
    name: 'keeps its steps when those of spec change on the way',
    strategy: quarter,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { set: { strategy: canary({ setWeight: 90 }, stop) } },
      { seconds: 5 },
      { command: 'resume' },
      { seconds: 10 },
      { see: { weights: '1:50 2:50' } },
    ],
  },
  {
    name: 'ends as it began when the strategy changes on the way, and the next one is of the new kind',
    strategy: quarter,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { set: { strategy: { type: 'blueGreen' } } },
      { command: 'promote' },
      { seconds: 25 },
      { see: done },
      { deploy: 'c' },
      { seconds: 25 },
      { see: { serving: '3', pods: '3:4' } },
    ],
  },
  {
    name: 'that is not healthy never has traffic',
    strategy: quarter,
    deeds: [
      { deploy: 'broken' },
      { seconds: 8 },
      { see: { weights: '1:100' } },
      { seconds: 10 },
      { see: { ...back, phases: '1 Succeeded, 2 RolledBack' } },
    ],
  },
  {
    name: 'stands still where a person pauses it in a timed step',
    strategy: timed,
    deeds: [
      { deploy: 'b' },
      { seconds: 8 },
      { command: 'pause' },
      { seconds: 60 },
      { see: { weights: '1:75 2:25', phases: '1 Succeeded, 2 Paused' } },
      { command: 'resume' },
      { seconds: 60 },
      { see: done },
    ],
  },
  {
    name: 'stands still while spec.paused, and goes on',
    strategy: timed,
    deeds: [
      { deploy: 'b' },
      { seconds: 8 },
      { set: { paused: true } },
      { seconds: 60 },
      { see: { weights: '1:75 2:25' } },
      { set: { paused: false } },
      { seconds: 60 },
      { see: done },
    ],
  },
  {
    name: 'has more pods where more are asked for before traffic',
    strategy: canary({ setReplicas: 3 }, { setWeight: 25 }, stop),
    deeds: [{ deploy: 'b' }, { seconds: 12 }, { see: { weights: '1:75 2:25', pods: '1:4 2:3' } }],
  },
  {
    name: 'has a share of pods in percent',
    strategy: canary({ setReplicas: '50%' }, stop),
    deeds: [{ deploy: 'b' }, { seconds: 12 }, { see: { weights: '1:100', pods: '1:4 2:2' } }],
  },
  {
    name: 'has at least one pod for a small weight',
    strategy: canary({ setWeight: 1 }, stop),
    deeds: [{ deploy: 'b' }, { seconds: 10 }, { see: { weights: '1:99 2:1', pods: '1:4 2:1' } }],
  },
  {
    name: 'grows with replicas',
    strategy: canary({ setWeight: 50 }, stop),
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { set: { replicas: 8 } },
      { seconds: 10 },
      { see: { weights: '1:50 2:50', pods: '1:8 2:4' } },
    ],
  },
  {
    name: 'shrinks with replicas without ending',
    strategy: canary({ setWeight: 50 }, stop),
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { set: { replicas: 2 } },
      { seconds: 20 },
      { see: { weights: '1:50 2:50', phases: '1 Succeeded, 2 Paused' } },
    ],
  },
  {
    name: 'begins only when there are replicas again',
    strategy: quarter,
    deeds: [
      { set: { replicas: 0 } },
      { seconds: 15 },
      { deploy: 'b' },
      { seconds: 15 },
      { see: { phases: '1 Succeeded', pods: '' } },
      { set: { replicas: 4 } },
      { seconds: 20 },
      { see: { weights: '1:75 2:25', phases: '1 Succeeded, 2 Paused' } },
    ],
  },
  {
    name: 'is rolled back to the version before after its success, at once',
    strategy: quarter,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { command: 'promote' },
      { seconds: 25 },
      { see: done },
      { command: 'rollback' },
      { seconds: 30 },
      { see: { serving: '1', weights: '1:100', pods: '1:4' } },
    ],
  },
  {
    name: 'is undone by undo after an abort',
    strategy: quarter,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { command: 'abort' },
      { command: 'undo' },
      { seconds: 15 },
      { see: { weights: '1:75 2:25' } },
    ],
  },
  {
    name: 'passes a step by its check',
    strategy: checked,
    spec: { checks: [errors] },
    deeds: [{ deploy: 'b' }, { seconds: 40 }, { see: { weights: '1:50 2:50', phases: '1 Succeeded, 2 Paused' } }],
  },
  {
    name: 'waits while its check still measures',
    strategy: checked,
    spec: { checks: [errors] },
    deeds: [{ deploy: 'b' }, { seconds: 6 }, { see: { weights: '1:75 2:25', phases: '1 Succeeded, 2 Progressing' } }],
  },
  {
    name: 'goes back when its check fails',
    strategy: checked,
    spec: { checks: [errors] },
    deeds: [
      { deploy: 'b' },
      { seconds: 8 },
      { measure: 0.5 },
      { seconds: 25 },
      { see: { ...back, phases: '1 Succeeded, 2 RolledBack' } },
    ],
  },
  {
    name: 'outlives as many failures of its check as are allowed',
    strategy: checked,
    spec: { checks: [{ ...errors, failureLimit: 1 }] },
    deeds: [
      { measure: 0.5 },
      { deploy: 'b' },
      { seconds: 3 },
      { measure: 0 },
      { seconds: 40 },
      { see: { weights: '1:50 2:50' } },
    ],
  },
  {
    name: 'is promoted past a check that runs',
    strategy: checked,
    spec: { checks: [errors] },
    deeds: [{ deploy: 'b' }, { seconds: 8 }, { command: 'promote' }, { seconds: 30 }, { see: done }],
  },
  {
    name: 'is aborted while a check runs',
    strategy: checked,
    spec: { checks: [errors] },
    deeds: [{ deploy: 'b' }, { seconds: 8 }, { command: 'abort' }, { seconds: 20 }, { see: back }],
  },
  {
    name: 'is replaced by stable where a check fails during its guard',
    strategy: canary({ setWeight: 50 }),
    spec: { checks: [errors], guardSeconds: 60 },
    deeds: [
      { deploy: 'b' },
      { seconds: 15 },
      { see: { weights: '2:100' } },
      { measure: 0.5 },
      { seconds: 30 },
      { see: { ...back, phases: '1 Succeeded, 2 RolledBack' } },
    ],
  },
];
