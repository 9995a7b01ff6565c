import { describe, expect, it } from 'vitest';
import { testContainer, testPod } from '../../../testing/pod-scenario.ts';
import { calculatePhase } from './pod-phase.ts';
import { newPodRecord, type ContainerState, type PodRecord, type Termination } from './pod-record.ts';

const running: ContainerState = {
  kind: 'running',
  containerId: 'id',
  startedAt: 0,
  image: 'app:v1',
  postStart: 'done',
  startupPassed: true,
  readinessPassed: true,
  fault: undefined,
  stop: undefined,
};
const deleted: Termination = { reason: 'deleted', startedAt: 0, graceSeconds: 30, deadline: 30_000, endpoints: 'gone' };

function ended(exitCode: number): ContainerState {
  const reason = exitCode === 0 ? 'Completed' : 'Error';
  const before = { containerId: 'id', message: undefined, startedAt: 0, waitsAs: undefined, backOffReported: false };
  return { kind: 'terminated', exitCode, reason, finishedAt: 0, ...before };
}

interface States {
  readonly init: ContainerState;
  readonly sidecar: ContainerState;
  readonly app: ContainerState;
}

function recordOf(
  restartPolicy: 'Always' | 'OnFailure' | 'Never',
  states: States,
  termination: Termination | undefined,
): PodRecord {
  const initContainers = [
    testContainer({ name: 'sidecar', restartPolicy: 'Always' as const }),
    testContainer({ name: 'init' }),
  ];
  const record = newPodRecord(testPod({ restartPolicy, initContainers }), 0);
  const byName = new Map<string, ContainerState>(Object.entries(states));
  const containers = record.containers.map((each) => ({ ...each, state: byName.get(each.name) ?? each.state }));
  return { ...record, containers, termination };
}

describe('the phase of a pod with a sidecar', () => {
  // https://github.com/kubernetes/kubernetes/blob/v1.32.0/pkg/kubelet/kubelet_pods.go, getPhase
  it.each([
    { policy: 'Never', app: ended(0), sidecar: running, deletion: undefined, phase: 'Running' },
    { policy: 'Never', app: ended(2), sidecar: running, deletion: undefined, phase: 'Running' },
    { policy: 'OnFailure', app: ended(0), sidecar: running, deletion: undefined, phase: 'Running' },
    { policy: 'Never', app: ended(137), sidecar: running, deletion: deleted, phase: 'Running' },
    { policy: 'Always', app: ended(137), sidecar: running, deletion: deleted, phase: 'Running' },
    { policy: 'Never', app: ended(0), sidecar: ended(143), deletion: undefined, phase: 'Succeeded' },
    { policy: 'Never', app: ended(2), sidecar: ended(0), deletion: undefined, phase: 'Failed' },
    { policy: 'Always', app: ended(137), sidecar: ended(0), deletion: deleted, phase: 'Failed' },
    { policy: 'Always', app: ended(0), sidecar: ended(137), deletion: deleted, phase: 'Succeeded' },
  ] as const)(
    'is $phase under $policy where the app ended with $app.exitCode and the sidecar is $sidecar.kind',
    ({ policy, app, sidecar, deletion, phase }) => {
      expect(calculatePhase(recordOf(policy, { init: ended(0), sidecar, app }, deletion))).toBe(phase);
    },
  );

  it('is Failed at once where an init container has failed for good', () => {
    const states: States = { init: ended(1), sidecar: running, app: { kind: 'waiting' } };
    expect(calculatePhase(recordOf('Never', states, undefined))).toBe('Failed');
  });
});
