import type { ConfigMap } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { createPodScenario, testContainer, testPod } from '../../../testing/pod-scenario.ts';
import { simulatedAnnotations as rule } from '../runtimes/simulated/rules.ts';
import type { SimulatedRuntime } from '../runtimes/simulated/simulated-runtime.ts';
import { ImageError } from '../runtime.ts';

function holdSandboxes(runtime: SimulatedRuntime, until: Promise<void>): void {
  const create = runtime.createSandbox.bind(runtime);
  runtime.createSandbox = async (request) => {
    await until;
    return create(request);
  };
}

const probed = { httpGet: { port: 8080 }, periodSeconds: 10 };

describe('a pod that starts', () => {
  it('is running and ready at once when nothing says otherwise', async () => {
    const pod = createPodScenario({ pod: testPod() });
    await pod.start();
    expect(pod.status()).toMatchObject({
      phase: 'Running',
      podIP: '10.244.0.1',
      podIPs: [{ ip: '10.244.0.1' }],
      hostIP: '192.0.2.1',
      qosClass: 'BestEffort',
      startTime: '2026-01-01T00:00:00Z',
      containerStatuses: [
        {
          name: 'app',
          ready: true,
          started: true,
          restartCount: 0,
          containerID: 'simulated://uid-1_app_0',
          image: 'app:v1',
        },
      ],
    });
    expect(pod.status().conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=True',
      'ContainersReady=True',
    ]);
    expect(pod.events).toEqual([
      'Pulled: Container image "app:v1" already present on machine',
      'Created: Created container: app',
      'Started: Started container app',
    ]);
  });

  it('is told of once when it becomes ready', async () => {
    let told = 0;
    const configure = (runtime: SimulatedRuntime): void =>
      void Object.assign(runtime, { noteReady: () => void (told += 1) });
    const container = testContainer({ readinessProbe: probed });
    const pod = createPodScenario({
      pod: testPod({ containers: [container] }, { [rule.readyAfter]: '300' }),
      configure,
    });
    await pod.start();
    expect(told).toBe(0);
    await pod.advance(60_000);
    expect([pod.condition('Ready'), told]).toEqual(['True', 1]);
  });

  it('is written of once when it runs within a quarter of a second', async () => {
    const pod = createPodScenario({ pod: testPod() });
    await pod.start();
    await pod.advance(1000);
    expect(pod.api.statuses.map(({ phase }) => phase)).toEqual(['Running']);
  });

  it('is shown as being made when that takes longer', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const pod = createPodScenario({ pod: testPod(), configure: (runtime) => holdSandboxes(runtime, promise) });
    await pod.start();
    await pod.advance(249);
    expect(pod.api.statuses).toEqual([]);
    await pod.advance(1);
    expect([pod.state(), pod.status().phase]).toEqual(['waiting ContainerCreating', 'Pending']);
    resolve();
    await pod.advance(0);
    expect([pod.state(), pod.api.statuses.length]).toEqual(['running', 2]);
  });

  it('says at once that it is deleted before that', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const pod = createPodScenario({ pod: testPod(), configure: (runtime) => holdSandboxes(runtime, promise) });
    await pod.start();
    await pod.delete(30);
    expect(pod.status().phase).toBe('Failed');
    resolve();
    await pod.advance(1000);
    expect(pod.api.deleted).toEqual(['web']);
  });

  it('becomes ready between the periods of its probe, and the extra attempts make no events', async () => {
    const container = testContainer({ readinessProbe: probed });
    const pod = createPodScenario({ pod: testPod({ containers: [container] }, { [rule.readyAfter]: '300' }) });
    await pod.start();
    expect(pod.condition('Ready')).toBe('False');
    expect(pod.status().conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [app]',
    });
    await pod.advance(350);
    expect(pod.condition('Ready')).toBe('True');
    expect(pod.events.filter((event) => event.startsWith('Unhealthy'))).toHaveLength(1);
  });

  it('waits for a ConfigMap and goes on when it appears', async () => {
    const objects = new Map<string, ConfigMap>();
    const container = testContainer({ envFrom: [{ configMapRef: { name: 'settings' } }] });
    const pod = createPodScenario({ pod: testPod({ containers: [container] }), objects });
    await pod.start();
    expect(pod.state()).toBe('waiting CreateContainerConfigError');
    expect(pod.status().phase).toBe('Pending');
    expect(pod.events).toContain('Failed: Error: configmap "settings" not found');
    objects.set('configmaps/settings', { metadata: { name: 'settings' }, data: { A: '1' } });
    await pod.advance(1000);
    expect(pod.state()).toBe('running');
  });

  it('says FailedMount while a volume has no source, and shows ContainerCreating', async () => {
    const objects = new Map<string, ConfigMap>();
    const volumes = [{ name: 'config', configMap: { name: 'settings' } }];
    const pod = createPodScenario({ pod: testPod({ volumes }), objects });
    await pod.start();
    expect(pod.state()).toBe('waiting ContainerCreating');
    expect(pod.events).toEqual([
      'FailedMount: MountVolume.SetUp failed for volume "config" : configmap "settings" not found',
    ]);
    objects.set('configmaps/settings', { metadata: { name: 'settings' } });
    await pod.advance(500);
    expect(pod.state()).toBe('running');
  });

  it('shows ErrImagePull, then ImagePullBackOff, and tries again after 10 s', async () => {
    let attempts = 0;
    const configure = (runtime: ReturnType<typeof createPodScenario>['runtime']) => {
      runtime.ensureImage = () => {
        attempts++;
        return Promise.reject(new ImageError('ErrImagePull', 'not found'));
      };
    };
    const pod = createPodScenario({ pod: testPod(), configure });
    await pod.start();
    expect(pod.state()).toBe('waiting ErrImagePull');
    await pod.advance(3000);
    expect(pod.status().containerStatuses?.[0]?.state?.waiting).toEqual({
      reason: 'ImagePullBackOff',
      message: 'Back-off pulling image "app:v1": ErrImagePull: not found',
    });
    expect(attempts).toBe(1);
    await pod.advance(7000);
    expect(attempts).toBe(2);
    await pod.advance(19_999);
    expect(attempts).toBe(2);
    await pod.advance(1);
    expect(attempts).toBe(3);
  });
});

describe('init containers', () => {
  it('run one after the other before the main containers', async () => {
    const initContainers = [testContainer({ name: 'first' }), testContainer({ name: 'second' })];
    const pod = createPodScenario({ pod: testPod({ initContainers }, { [rule.exitAfter]: '1000' }) });
    await pod.start();
    expect([pod.state('first'), pod.state('second'), pod.state('app')]).toEqual([
      'running',
      'waiting PodInitializing',
      'waiting PodInitializing',
    ]);
    expect(pod.status().conditions?.find(({ type }) => type === 'Initialized')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotInitialized',
      message: 'containers with incomplete status: [first second]',
    });
    await pod.advance(1000);
    expect([pod.state('first'), pod.state('second')]).toEqual(['terminated Completed', 'running']);
    expect(pod.status().phase).toBe('Pending');
    await pod.advance(1000);
    expect([pod.state('second'), pod.state('app')]).toEqual(['terminated Completed', 'running']);
    expect(pod.condition('Initialized')).toBe('True');
  });

  it('fail the pod if they fail and restartPolicy is Never', async () => {
    const initContainers = [testContainer({ name: 'init' })];
    const annotations = { [rule.exitAfter]: '100', [rule.exitCode]: '3' };
    const pod = createPodScenario({ pod: testPod({ initContainers, restartPolicy: 'Never' }, annotations) });
    await pod.start();
    await pod.advance(100);
    expect(pod.status().phase).toBe('Failed');
    expect(pod.state('init')).toBe('terminated Error');
    expect(pod.state('app')).toBe('waiting PodInitializing');
  });

  it('with restartPolicy Always start before the main containers and stop after them', async () => {
    const initContainers = [testContainer({ name: 'proxy', restartPolicy: 'Always' as const })];
    const pod = createPodScenario({ pod: testPod({ initContainers }, { [rule.stopAfter]: '500' }) });
    await pod.start();
    expect([pod.state('proxy'), pod.state('app')]).toEqual(['running', 'running']);
    await pod.delete(30);
    await pod.advance(1000);
    expect(pod.signals).toEqual(['app:SIGTERM@0', 'proxy:SIGTERM@500']);
    expect(pod.finalised).toEqual(['uid-1']);
  });
});

describe('a container that ends', () => {
  const crash = { [rule.exitAfter]: '1000', [rule.exitCode]: '1' };

  it('restarts at once the first time, then after 10 s, 20 s, 40 s', async () => {
    const pod = createPodScenario({ pod: testPod({}, crash) });
    await pod.start();
    const restarts: number[] = [];
    let seen = 0;
    for (let second = 1; second <= 80; second++) {
      await pod.advance(1000);
      const count = pod.status().containerStatuses?.[0]?.restartCount ?? 0;
      if (count > seen) restarts.push(second);
      seen = count;
    }
    expect(restarts).toEqual([1, 12, 33, 74]);
  });

  it('shows CrashLoopBackOff with how long it waits, and how it ended as its last state', async () => {
    const pod = createPodScenario({ pod: testPod({}, crash) });
    await pod.start();
    await pod.advance(2000);
    const [status] = pod.status().containerStatuses ?? [];
    expect(status?.state?.waiting).toEqual({
      reason: 'CrashLoopBackOff',
      message: 'back-off 10s restarting failed container=app pod=web_default(uid-1)',
    });
    expect(status?.lastState?.terminated).toMatchObject({
      exitCode: 1,
      reason: 'Error',
      containerID: 'simulated://uid-1_app_1',
    });
    expect(status).toMatchObject({ restartCount: 1, ready: false, started: false });
    expect(pod.status().phase).toBe('Running');
    expect(pod.events.at(-1)).toBe('BackOff: Back-off restarting failed container app in pod web_default(uid-1)');
  });

  it.each([
    { restartPolicy: 'Never', code: 0, phase: 'Succeeded', state: 'terminated Completed' },
    { restartPolicy: 'Never', code: 2, phase: 'Failed', state: 'terminated Error' },
    { restartPolicy: 'OnFailure', code: 0, phase: 'Succeeded', state: 'terminated Completed' },
    { restartPolicy: 'OnFailure', code: 2, phase: 'Running', state: 'running' },
    { restartPolicy: 'Always', code: 0, phase: 'Running', state: 'running' },
  ] as const)(
    'with $restartPolicy and exit code $code leaves the pod $phase',
    async ({ restartPolicy, code, phase, state }) => {
      const annotations = { [rule.exitAfter]: '1000', [rule.exitCode]: String(code) };
      const pod = createPodScenario({ pod: testPod({ restartPolicy }, annotations) });
      await pod.start();
      await pod.advance(1000);
      expect([pod.status().phase, pod.state()]).toEqual([phase, state]);
      if (phase === 'Running') return;
      expect(await pod.runtime.list()).toEqual([]);
      expect(pod.finalised).toEqual([]);
      expect(pod.status().podIP).toBe('10.244.0.1');
    },
  );

  it('is shown as it ended, and counts no restart, until the next instance runs', async () => {
    let release = (): void => undefined;
    const configure = (runtime: ReturnType<typeof createPodScenario>['runtime']) => {
      const start = runtime.startContainer.bind(runtime);
      runtime.startContainer = async (request) => {
        if (request.containerId.endsWith('_1')) await new Promise<void>((resolve) => (release = resolve));
        return start(request);
      };
    };
    const pod = createPodScenario({ pod: testPod({}, crash), configure });
    await pod.start();
    await pod.advance(1000);
    expect(pod.state()).toBe('terminated Error');
    expect(pod.status()).toMatchObject({ phase: 'Running', containerStatuses: [{ restartCount: 0, lastState: {} }] });
    release();
    await pod.advance(0);
    expect(pod.status()).toMatchObject({
      containerStatuses: [{ restartCount: 1, state: { running: {} }, lastState: { terminated: { exitCode: 1 } } }],
    });
  });

  it('keeps the reason of a failed attempt while the next one is made', async () => {
    let attempts = 0;
    const configure = (runtime: ReturnType<typeof createPodScenario>['runtime']) => {
      runtime.ensureImage = () => {
        attempts++;
        return attempts === 1
          ? Promise.reject(new ImageError('ErrImagePull', 'not found'))
          : new Promise(() => undefined);
      };
    };
    const pod = createPodScenario({ pod: testPod(), configure });
    await pod.start();
    await pod.advance(10_000);
    expect(attempts).toBe(2);
    expect(pod.state()).toBe('waiting ImagePullBackOff');
  });

  it('whose postStart hook fails waits as PostStartHookError', async () => {
    const lifecycle = { postStart: { exec: { command: ['false'] } } };
    const configure = (runtime: ReturnType<typeof createPodScenario>['runtime']) => {
      const nothing = new Uint8Array();
      runtime.exec = () => Promise.resolve({ exitCode: 1, stdout: nothing, stderr: nothing, timedOut: false });
      const start = runtime.startContainer.bind(runtime);
      runtime.startContainer = (request) =>
        request.containerId.endsWith('_0') ? start(request) : new Promise(() => undefined);
    };
    const containers = [testContainer({ lifecycle })];
    const pod = createPodScenario({ pod: testPod({ containers }, { [rule.stopAfter]: '500' }), configure });
    await pod.start();
    expect(pod.state()).toBe('waiting ContainerCreating');
    await pod.advance(500);
    expect(pod.state()).toBe('waiting PostStartHookError');
    expect(pod.events).toContain('FailedPostStartHook: PostStartHook failed');
  });

  it('leaves when a volume takes more than it may', async () => {
    const pod = createPodScenario({ pod: testPod() });
    await pod.start();
    pod.worker.tell({ kind: 'overLimit', message: 'too much. ' });
    await pod.advance(1000);
    expect(pod.status()).toMatchObject({ phase: 'Failed', reason: 'Evicted', message: 'too much. ' });
    expect(pod.events.slice(-2)).toEqual(['Evicted: too much. ', 'Killing: Stopping container app']);
  });

  it('fails the pod when it is active for longer than activeDeadlineSeconds', async () => {
    const pod = createPodScenario({ pod: testPod({ activeDeadlineSeconds: 5 }) });
    await pod.start();
    await pod.advance(5000);
    expect(pod.status()).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
  });

  it('has not failed before its containers have ended', async () => {
    const pod = createPodScenario({ pod: testPod({ activeDeadlineSeconds: 5 }, { [rule.stopAfter]: '3000' }) });
    await pod.start();
    await pod.advance(5000);
    const { phase, reason, conditions = [] } = pod.status() ?? {};
    const ready = conditions.find(({ type }) => type === 'Ready');
    expect([phase, reason ?? '', ready?.status, ready?.reason]).toEqual(['Running', '', 'False', 'PodFailed']);
    expect(pod.events.filter((event) => event.startsWith('DeadlineExceeded'))).toHaveLength(1);
    await pod.advance(3000);
    expect(pod.status()).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
  });

  it('has not succeeded at its deadline while a sidecar still runs, though the others have ended well', async () => {
    const initContainers = [testContainer({ name: 'proxy', restartPolicy: 'Always' as const })];
    const spec = { initContainers, activeDeadlineSeconds: 5, restartPolicy: 'Never' as const };
    const pod = createPodScenario({ pod: testPod(spec, { [rule.stopAfter]: '3000' }) });
    await pod.start();
    await pod.advance(9000);
    expect([pod.state('app'), pod.state('proxy'), pod.status().phase]).toEqual([
      'terminated Completed',
      'running',
      'Running',
    ]);
    await pod.advance(3000);
    expect(pod.status()).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
  });
});

describe('probes', () => {
  it('replace a container whose liveness probe fails', async () => {
    const container = testContainer({ livenessProbe: { ...probed, failureThreshold: 2 } });
    let alive = true;
    const configure = (runtime: ReturnType<typeof createPodScenario>['runtime']) => {
      runtime.probe = ({ containerId }) =>
        Promise.resolve({ success: alive || containerId !== 'uid-1_app_0', output: 'broken' });
    };
    const pod = createPodScenario({ pod: testPod({ containers: [container] }), configure });
    await pod.start();
    alive = false;
    await pod.advance(10_000);
    expect(pod.signals).toEqual([]);
    await pod.advance(10_000);
    expect(pod.signals).toEqual(['app:SIGTERM@20000']);
    expect(pod.events.filter((event) => /Unhealthy|Killing/.test(event))).toEqual([
      'Unhealthy: Liveness probe failed: broken',
      'Unhealthy: Liveness probe failed: broken',
      'Killing: Container app failed liveness probe, will be restarted',
    ]);
    expect(pod.status().containerStatuses?.[0]).toMatchObject({ restartCount: 1, state: { running: {} } });
  });

  it('hold back readiness until the startup probe has passed', async () => {
    const container = testContainer({ startupProbe: probed, readinessProbe: probed });
    const pod = createPodScenario({ pod: testPod({ containers: [container] }, { [rule.readyAfter]: '100' }) });
    await pod.start();
    expect(pod.status().containerStatuses?.[0]).toMatchObject({ started: false, ready: false });
    await pod.advance(150);
    expect(pod.status().containerStatuses?.[0]).toMatchObject({ started: true, ready: true });
  });

  it('take readiness away when an annotation of the pod says so', async () => {
    const container = testContainer({ readinessProbe: { ...probed, failureThreshold: 1 } });
    const pod = createPodScenario({ pod: testPod({ containers: [container] }) });
    await pod.start();
    expect(pod.condition('Ready')).toBe('True');
    pod.update((old) => ({ ...old, metadata: { ...old.metadata, annotations: { [rule.ready]: 'false' } } }));
    await pod.advance(10_000);
    expect(pod.condition('Ready')).toBe('False');
  });
});

describe('lifecycle hooks', () => {
  it('keep a container waiting until postStart is done', async () => {
    const container = testContainer({ lifecycle: { postStart: { sleep: { seconds: 2 } } } });
    const pod = createPodScenario({ pod: testPod({ containers: [container] }) });
    await pod.start();
    expect(pod.state()).toBe('waiting ContainerCreating');
    await pod.advance(2000);
    expect(pod.state()).toBe('running');
  });

  it('replace a container whose postStart fails', async () => {
    const container = testContainer({ lifecycle: { postStart: { exec: { command: ['false'] } } } });
    const configure = (runtime: ReturnType<typeof createPodScenario>['runtime']) => {
      runtime.exec = () =>
        Promise.resolve({ exitCode: 1, stdout: new Uint8Array(), stderr: new Uint8Array(), timedOut: false });
    };
    const pod = createPodScenario({ pod: testPod({ containers: [container] }), configure });
    await pod.start();
    expect(pod.events).toContain('FailedPostStartHook: PostStartHook failed');
    expect(pod.events).toContain('Killing: FailedPostStartHook');
    expect(pod.status().containerStatuses?.[0]?.restartCount).toBe(1);
  });
});

describe('statuses', () => {
  it('are not written again when nothing has changed', async () => {
    const pod = createPodScenario({ pod: testPod() });
    await pod.start();
    const written = pod.api.statuses.length;
    pod.update((old) => old);
    await pod.advance(60_000);
    expect(pod.api.statuses).toHaveLength(written);
  });
});
