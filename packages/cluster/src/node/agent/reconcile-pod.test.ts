import { array, assert, constantFrom, nat, property, record as recordOf } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testContainer, testPod } from '../../../testing/pod-scenario.ts';
import { advance, begin, type PodFact } from './pod-facts.ts';
import { newPodRecord, type PodRecord } from './pod-record.ts';
import { reconcilePod } from './reconcile-pod.ts';

const pod = testPod({
  initContainers: [testContainer({ name: 'init' }), testContainer({ name: 'sidecar', restartPolicy: 'Always' })],
  containers: [
    testContainer({ lifecycle: { preStop: { sleep: { seconds: 5 } }, postStart: { sleep: { seconds: 1 } } } }),
  ],
  activeDeadlineSeconds: 3000,
});
const names = ['init', 'sidecar', 'app'];
const deleted = {
  ...pod,
  metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 5 },
};

/** Facts that could come next, in any order and also too late. */
function factsOf(record: PodRecord, now: number): readonly PodFact[] {
  const ofContainers = record.containers.flatMap(({ name, restartCount }): readonly PodFact[] => {
    const containerId = `uid-1_${name}_${restartCount}`;
    const exit = { podUid: 'uid-1', containerId, oomKilled: false, finishedAt: now };
    return [
      { kind: 'containerStarted', name, containerId, startedAt: now, image: 'app:v1', imageId: '' },
      { kind: 'startBlocked', name, reason: 'ErrImagePull', message: '' },
      { kind: 'startFailed', name, containerId, exitCode: 128, message: '' },
      { kind: 'containerExited', name, exit: { ...exit, exitCode: 0 }, message: undefined },
      { kind: 'containerExited', name, exit: { ...exit, exitCode: 1 }, message: undefined },
      { kind: 'postStartDone', name, containerId, success: true },
      { kind: 'preStopDone', name, containerId },
      { kind: 'probed', name, containerId, probe: 'liveness', success: false },
    ];
  });
  return [
    { kind: 'podChanged', pod: deleted },
    { kind: 'podGone' },
    { kind: 'volumesReady' },
    { kind: 'volumesFailed' },
    { kind: 'sandboxReady', sandbox: { podUid: 'uid-1', podIP: '10.0.0.1', hostIP: '' } },
    { kind: 'sandboxFailed' },
    { kind: 'endpointsGone' },
    { kind: 'nodeShutdown', graceSeconds: 2 },
    ...ofContainers,
  ];
}

interface Step {
  readonly choice: number;
  readonly wait: number;
}

/** Runs a history and checks what must hold after every step. */
function checkHistory(steps: readonly Step[]): void {
  let now = 0;
  let record = newPodRecord(pod, now);
  for (const { choice, wait } of steps) {
    now += wait;
    const facts = factsOf(record, now);
    const fact = facts[choice % facts.length];
    if (fact !== undefined) record = advance(record, fact, now);
    record = settle(record, now);
    checkOrder(record);
  }
}

function settle(record: PodRecord, now: number): PodRecord {
  let settled = record;
  for (let round = 0; round < 20; round++) {
    const { actions } = reconcilePod(settled, now);
    if (actions.length === 0) return settled;
    for (const action of actions) {
      if (action.kind === 'startContainer') checkStart(settled, action.name);
      settled = begin(settled, action, now);
    }
  }
  throw new Error(`does not settle: ${JSON.stringify(reconcilePod(settled, now).actions)}`);
}

function checkStart(record: PodRecord, name: string): void {
  expect(record.termination).toBeUndefined();
  expect([record.sandbox.kind, record.volumes.kind]).toEqual(['ready', 'ready']);
  if (name === 'init') return;
  expect(record.containers[0]?.state).toMatchObject({ kind: 'terminated', exitCode: 0 });
}

function checkOrder(record: PodRecord): void {
  const stopping = record.containers.filter(
    ({ state }) => state.kind === 'running' && state.stop?.termAt !== undefined,
  );
  const ordered = record.termination?.reason !== 'deleted' || record.termination.endpoints === 'gone';
  if (!ordered) expect(stopping.every(({ state }) => state.kind === 'running' && state.fault !== undefined)).toBe(true);
  expect(record.containers.map(({ name }) => name)).toEqual(names);
}

describe('any history of a pod', () => {
  it('settles, starts containers in order and never once the pod ends, and stops none before traffic has left', () => {
    const step = recordOf({ choice: nat(200), wait: constantFrom(0, 1, 1000, 5000, 20_000) });
    const histories = property(array(step, { maxLength: 40 }), (steps) => checkHistory(steps));
    expect(() => assert(histories, { numRuns: 2000 })).not.toThrow();
  });
});
