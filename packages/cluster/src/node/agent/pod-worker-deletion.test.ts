import { describe, expect, it } from 'vitest';
import { createPodScenario, testContainer, testPod } from '../../../testing/pod-scenario.ts';
import { simulatedAnnotations as rule } from '../runtimes/simulated/rules.ts';

describe('a pod that is deleted', () => {
  it('gets SIGTERM only when nobody sends to it any more', async () => {
    let gone = (): void => undefined;
    const pod = createPodScenario({ pod: testPod(), endpointsGone: () => new Promise((resolve) => (gone = resolve)) });
    await pod.start();
    await pod.delete(30);
    await pod.advance(300);
    expect(pod.signals).toEqual([]);
    gone();
    await pod.advance(0);
    expect(pod.signals).toEqual(['app:SIGTERM@300']);
  });

  it('waits one second at most for proxies and gateways', async () => {
    const pod = createPodScenario({ pod: testPod(), endpointsGone: () => new Promise(() => undefined) });
    await pod.start();
    await pod.delete(30);
    await pod.advance(1000);
    expect(pod.signals).toEqual(['app:SIGTERM@1000']);
  });

  it('reports how its containers ended before the object goes', async () => {
    const pod = createPodScenario({ pod: testPod() });
    await pod.start();
    await pod.delete(30);
    expect(pod.api.deleted).toEqual(['web']);
    expect([pod.state(), pod.status().phase]).toEqual(['terminated Completed', 'Succeeded']);
    expect(pod.events.at(-1)).toBe('Killing: Stopping container app');
    expect(await pod.runtime.list()).toEqual([]);
  });

  it.each([
    {
      name: 'SIGKILL comes when the grace period ends',
      grace: 5,
      sleep: undefined,
      signals: ['app:SIGTERM@0', 'app:SIGKILL@5000'],
    },
    {
      name: 'preStop and SIGTERM share the grace period',
      grace: 5,
      sleep: 3,
      signals: ['app:SIGTERM@3000', 'app:SIGKILL@5000'],
    },
    {
      name: 'SIGTERM has 2 s even after a long preStop',
      grace: 5,
      sleep: 9,
      signals: ['app:SIGTERM@5000', 'app:SIGKILL@7000'],
    },
    {
      name: 'a grace period of 1 s becomes 2 s',
      grace: 1,
      sleep: undefined,
      signals: ['app:SIGTERM@0', 'app:SIGKILL@2000'],
    },
  ])('$name', async ({ grace, sleep, signals }) => {
    const lifecycle = sleep === undefined ? {} : { lifecycle: { preStop: { sleep: { seconds: sleep } } } };
    const pod = createPodScenario({
      pod: testPod({ containers: [testContainer(lifecycle)] }, { [rule.stopAfter]: '60000' }),
    });
    await pod.start();
    await pod.delete(grace);
    await pod.advance(10_000);
    expect(pod.signals).toEqual(signals);
    expect(pod.finalised).toEqual(['uid-1']);
  });

  it('ends sooner when it is deleted again with less grace', async () => {
    const pod = createPodScenario({ pod: testPod({}, { [rule.stopAfter]: '60000' }) });
    await pod.start();
    await pod.delete(60);
    await pod.advance(10_000);
    await pod.delete(3);
    await pod.advance(3000);
    expect(pod.signals).toEqual(['app:SIGTERM@0', 'app:SIGKILL@13000']);
  });

  it('by force is stopped within 2 s, and its status is not written any more', async () => {
    const pod = createPodScenario({ pod: testPod({}, { [rule.stopAfter]: '60000' }) });
    await pod.start();
    const written = pod.api.statuses.length;
    pod.worker.tell({ kind: 'podGone' });
    await pod.advance(2000);
    expect(pod.signals).toEqual(['app:SIGTERM@0', 'app:SIGKILL@2000']);
    expect(pod.api.statuses).toHaveLength(written);
    expect(pod.api.deleted).toEqual([]);
    expect(pod.finalised).toEqual(['uid-1']);
  });

  it('before it could start goes without a trace', async () => {
    const container = testContainer({ envFrom: [{ secretRef: { name: 'missing' } }] });
    const pod = createPodScenario({ pod: testPod({ containers: [container] }) });
    await pod.start();
    await pod.delete(30);
    expect(pod.api.deleted).toEqual(['web']);
    expect(await pod.runtime.list()).toEqual([]);
  });

  it('after it was done goes at once', async () => {
    const pod = createPodScenario({ pod: testPod({ restartPolicy: 'Never' }, { [rule.exitAfter]: '1000' }) });
    await pod.start();
    await pod.advance(1000);
    expect([pod.status().phase, pod.api.deleted]).toEqual(['Succeeded', []]);
    await pod.delete(30);
    expect([pod.status().phase, pod.api.deleted, pod.finalised]).toEqual(['Succeeded', ['web'], ['uid-1']]);
  });

  it('while its image is looked for starts nothing more', async () => {
    let found = (): void => undefined;
    const configure = (runtime: ReturnType<typeof createPodScenario>['runtime']) => {
      const image = runtime.ensureImage.bind(runtime);
      runtime.ensureImage = async (name) => {
        await new Promise<void>((resolve) => (found = resolve));
        return image(name);
      };
    };
    const pod = createPodScenario({ pod: testPod(), configure });
    await pod.start();
    await pod.delete(30);
    found();
    await pod.advance(1000);
    expect(pod.events.some((event) => event.startsWith('Started'))).toBe(false);
    expect(pod.finalised).toEqual(['uid-1']);
  });

  it('when the node shuts down keeps its object', async () => {
    const pod = createPodScenario({ pod: testPod() });
    await pod.start();
    pod.worker.tell({ kind: 'nodeShutdown', graceSeconds: 2 });
    await pod.advance(0);
    expect(pod.signals).toEqual(['app:SIGTERM@0']);
    expect(pod.api.deleted).toEqual([]);
    expect(pod.finalised).toEqual(['uid-1']);
  });
});
