import type { ContainerStatus, Pod, PodSpec } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { testContainer, testPod } from '../../../testing/pod-scenario.ts';
import type { RunningPod } from '../runtime.ts';
import { adoptPodRecord } from './adopt-pod.ts';
import { reconcilePod } from './reconcile-pod.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const sandbox = { podUid: 'uid-1', podIP: '10.244.0.9', hostIP: '192.0.2.1' };

function status(state: ContainerStatus['state'], given: Partial<ContainerStatus> = {}): ContainerStatus {
  return {
    name: 'app',
    image: 'app:v1',
    imageID: 'sha256:1',
    ready: true,
    started: true,
    restartCount: 2,
    state,
    ...given,
  };
}

function adopt(
  statuses: ContainerStatus[],
  {
    running,
    phase = 'Running',
    spec = {},
  }: { running?: RunningPod; phase?: 'Running' | 'Succeeded'; spec?: Partial<PodSpec> } = {},
) {
  const pod: Pod = {
    ...testPod(spec),
    status: { phase, startTime: '2026-01-01T00:00:00Z', containerStatuses: statuses },
  };
  const record = adoptPodRecord(pod, running, now);
  const actions = reconcilePod(record, now).actions.map((action) =>
    'name' in action ? `${action.kind} ${action.name}` : action.kind,
  );
  return { record, container: record.containers.at(-1), actions };
}

describe('an agent that starts anew', () => {
  it('takes over what runs, without starting it again', () => {
    const running = { sandbox, containers: [{ containerId: 'uid-1_app_2', startedAt: now - 5000 }] };
    const { record, container, actions } = adopt([status({ running: {} })], { running });
    expect(container).toMatchObject({
      restartCount: 2,
      state: { kind: 'running', containerId: 'uid-1_app_2', readinessPassed: true },
    });
    expect(record.startTime).toBe(Date.parse('2026-01-01T00:00:00Z'));
    expect(actions).toEqual(['prepareVolumes']);
  });

  it('trusts no probe result of a container that was not ready', () => {
    const running = { sandbox, containers: [{ containerId: 'uid-1_app_2', startedAt: now }] };
    const spec = { containers: [testContainer({ readinessProbe: { tcpSocket: { port: 1 } } })] };
    const { container } = adopt([status({ running: {} }, { ready: false })], { running, spec });
    expect(container?.state).toMatchObject({ readinessPassed: false });
  });

  it('counts a container that it cannot find as ended, and starts the next one', () => {
    const { container, actions } = adopt([status({ running: { startedAt: '2026-01-01T00:30:00Z' } })]);
    expect(container?.state).toMatchObject({ kind: 'terminated', exitCode: 137, reason: 'ContainerStatusUnknown' });
    expect(actions).toEqual(['prepareVolumes', 'createSandbox']);
  });

  it('does not repeat what is over', () => {
    const { actions } = adopt([status({ terminated: { exitCode: 0, reason: 'Completed' } })], {
      phase: 'Succeeded',
      spec: { restartPolicy: 'Never' },
    });
    expect(actions).toEqual([]);
  });

  it('does not repeat a main container that is done while others go on', () => {
    const spec = {
      restartPolicy: 'OnFailure' as const,
      containers: [testContainer({ name: 'other' }), testContainer()],
    };
    const { container } = adopt([status({ terminated: { exitCode: 0, reason: 'Completed' } })], { spec });
    expect(container?.state).toMatchObject({ kind: 'terminated', exitCode: 0 });
  });

  it('runs init containers again in a new sandbox', () => {
    const pod: Pod = {
      ...testPod({ initContainers: [testContainer({ name: 'init' })] }),
      status: {
        phase: 'Running',
        initContainerStatuses: [status({ terminated: { exitCode: 0 } }, { name: 'init', restartCount: 0 })],
      },
    };
    expect(adoptPodRecord(pod, undefined, now).containers[0]).toMatchObject({
      restartCount: 1,
      state: { kind: 'waiting' },
    });
  });
});
