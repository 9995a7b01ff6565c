import type { Script } from '../scripted-release.ts';
import type { BlueGreenParameters, Strategy } from '../../src/api/application.ts';
import { back, done } from './vocabulary.ts';

const blueGreen = (more: BlueGreenParameters = {}): Strategy => ({ type: 'blueGreen', blueGreen: more });
const manual = blueGreen({ autoPromote: false });
const waiting = { serving: '1', weights: '1:100', phases: '1 Succeeded, 2 Paused', pods: '1:4 2:4' };

export const blueGreenScenarios: readonly Script[] = [
  {
    name: 'takes all traffic at once and by itself',
    strategy: blueGreen(),
    deeds: [{ deploy: 'b' }, { seconds: 25 }, { see: done }],
  },
  {
    name: 'stands beside stable at full size until a person promotes it',
    strategy: manual,
    deeds: [{ deploy: 'b' }, { seconds: 10 }, { see: waiting }, { command: 'promote' }, { seconds: 20 }, { see: done }],
  },
  {
    name: 'waits for its time of promotion',
    strategy: blueGreen({ promoteAfterSeconds: 60 }),
    deeds: [
      { deploy: 'b' },
      { seconds: 30 },
      { see: { weights: '1:100', pods: '1:4 2:4' } },
      { seconds: 60 },
      { see: done },
    ],
  },
  {
    name: 'is promoted before its time',
    strategy: blueGreen({ promoteAfterSeconds: 600 }),
    deeds: [{ deploy: 'b' }, { seconds: 10 }, { command: 'promote' }, { seconds: 20 }, { see: done }],
  },
  {
    name: 'has fewer pods while it is looked at, and all before traffic',
    strategy: blueGreen({ autoPromote: false, previewReplicas: 1 }),
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { see: { pods: '1:4 2:1' } },
      { command: 'promote' },
      { seconds: 25 },
      { see: done },
    ],
  },
  {
    name: 'is aborted before promotion',
    strategy: manual,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { command: 'abort' },
      { seconds: 15 },
      { see: { ...back, phases: '1 Succeeded, 2 RolledBack' } },
    ],
  },
  {
    name: 'is aborted before its pods are ready',
    strategy: manual,
    deeds: [{ deploy: 'b' }, { seconds: 1 }, { command: 'abort' }, { seconds: 15 }, { see: back }],
  },
  {
    name: 'is aborted during its guard, to pods that still stand',
    strategy: blueGreen(),
    spec: { guardSeconds: 60 },
    deeds: [
      { deploy: 'b' },
      { seconds: 15 },
      { see: { weights: '2:100', pods: '1:4 2:4' } },
      { command: 'abort' },
      { seconds: 3 },
      { see: { weights: '1:100' } },
      { seconds: 15 },
      { see: back },
    ],
  },
  {
    name: 'keeps the version before until the guard ends',
    strategy: blueGreen(),
    spec: { guardSeconds: 60 },
    deeds: [{ deploy: 'b' }, { seconds: 40 }, { see: { pods: '1:4 2:4' } }, { seconds: 50 }, { see: done }],
  },
  {
    name: 'keeps the version before running for as long as is asked',
    strategy: blueGreen(),
    spec: { history: { keepRunningSeconds: 120 } },
    deeds: [
      { deploy: 'b' },
      { seconds: 60 },
      { see: { serving: '2', pods: '1:4 2:4' } },
      { seconds: 90 },
      { see: done },
    ],
  },
  {
    name: 'is retried after an abort',
    strategy: manual,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { command: 'abort' },
      { seconds: 15 },
      { command: 'retry' },
      { seconds: 15 },
      { see: waiting },
    ],
  },
  {
    name: 'is not tried again by itself after an abort',
    strategy: manual,
    deeds: [{ deploy: 'b' }, { seconds: 10 }, { command: 'abort' }, { seconds: 120 }, { see: back }],
  },
  {
    name: 'that is not healthy goes back by itself',
    strategy: blueGreen(),
    deeds: [{ deploy: 'broken' }, { seconds: 25 }, { see: { ...back, phases: '1 Succeeded, 2 RolledBack' } }],
  },
  {
    name: 'after one that failed is released as usual',
    strategy: blueGreen(),
    deeds: [
      { deploy: 'broken' },
      { seconds: 25 },
      { deploy: 'c' },
      { seconds: 25 },
      { see: { serving: '3', weights: '3:100', pods: '3:4' } },
    ],
  },
  {
    name: 'gives way to a newer one while it waits',
    strategy: manual,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { deploy: 'c' },
      { seconds: 20 },
      { see: { weights: '1:100', phases: '1 Succeeded, 2 Superseded, 3 Paused', pods: '1:4 3:4' } },
    ],
  },
  {
    name: 'of many quick changes is the newest alone',
    strategy: blueGreen(),
    deeds: [
      { deploy: 'b' },
      { deploy: 'c' },
      { deploy: 'd' },
      { seconds: 40 },
      { see: { weights: '2:100', serving: '2', phases: '1 Succeeded, 2 Succeeded' } },
    ],
  },
  {
    name: 'ends its guard early for a newer one, and both are stable in turn',
    strategy: blueGreen(),
    spec: { guardSeconds: 300 },
    deeds: [
      { deploy: 'b' },
      { seconds: 15 },
      { deploy: 'c' },
      { seconds: 20 },
      { see: { serving: '2', weights: '3:100', phases: '1 Succeeded, 2 Succeeded, 3 Guarding' } },
    ],
  },
  {
    name: 'ends when spec asks for the stable version again',
    strategy: manual,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { deploy: 'a' },
      { seconds: 15 },
      { see: { ...back, phases: '1 Succeeded, 2 Superseded' } },
    ],
  },
  {
    name: 'is rolled back inside the window without its gates',
    strategy: manual,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { command: 'promote' },
      { seconds: 20 },
      { see: done },
      { command: 'rollback' },
      { seconds: 25 },
      { see: { serving: '1', weights: '1:100', pods: '1:4' } },
    ],
  },
  {
    name: 'is rolled back to a version by its name',
    strategy: blueGreen(),
    deeds: [
      { deploy: 'b' },
      { seconds: 25 },
      { deploy: 'c' },
      { seconds: 25 },
      { command: 'rollback', version: '1' },
      { seconds: 30 },
      { see: { serving: '1', weights: '1:100', pods: '1:4' } },
    ],
  },
  {
    name: 'waits through replicas 0 and comes back',
    strategy: manual,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { set: { replicas: 0 } },
      { seconds: 20 },
      { see: { pods: '' } },
      { set: { replicas: 4 } },
      { seconds: 20 },
      { see: waiting },
    ],
  },
  {
    name: 'grows on both sides while it waits',
    strategy: manual,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { set: { replicas: 6 } },
      { seconds: 10 },
      { see: { pods: '1:6 2:6', weights: '1:100' } },
    ],
  },
  {
    name: 'shrinks on both sides while it waits',
    strategy: manual,
    deeds: [
      { deploy: 'b' },
      { seconds: 10 },
      { set: { replicas: 2 } },
      { seconds: 15 },
      { see: { pods: '1:2 2:2', weights: '1:100' } },
    ],
  },
  {
    name: 'stands still while spec.paused, and goes on',
    strategy: blueGreen({ promoteAfterSeconds: 20 }),
    deeds: [
      { deploy: 'b' },
      { seconds: 8 },
      { set: { paused: true } },
      { seconds: 90 },
      { see: { weights: '1:100' } },
      { set: { paused: false } },
      { seconds: 30 },
      { see: done },
    ],
  },
  {
    name: 'goes back while spec.paused when the stable template is asked for again',
    strategy: blueGreen({ autoPromote: false }),
    deeds: [
      { deploy: 'b' },
      { seconds: 8 },
      { set: { paused: true } },
      { deploy: 'a' },
      { seconds: 30 },
      { see: { phases: '1 Succeeded, 2 Superseded', weights: '1:100' } },
    ],
  },
  {
    name: 'begins when spec.paused ends',
    strategy: blueGreen(),
    deeds: [
      { set: { paused: true } },
      { deploy: 'b', with: { paused: true } },
      { seconds: 30 },
      { see: { phases: '1 Succeeded' } },
      { set: { paused: false } },
      { seconds: 25 },
      { see: done },
    ],
  },
];
