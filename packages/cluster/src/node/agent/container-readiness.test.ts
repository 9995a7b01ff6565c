import { describe, expect, it } from 'vitest';
import { createPodScenario, testContainer, testPod } from '../../../testing/pod-scenario.ts';
import { simulatedAnnotations as rule } from '../runtimes/simulated/rules.ts';

const asked = { httpGet: { port: 80 }, periodSeconds: 1, failureThreshold: 1 };
const readyOf = (pod: ReturnType<typeof createPodScenario>): readonly unknown[] => [
  pod.condition('Ready'),
  pod.condition('ContainersReady'),
  pod.status().containerStatuses?.[0]?.ready,
];

describe('a deleted pod', () => {
  it('is ready until its containers end, through preStop and after SIGTERM', async () => {
    const container = testContainer({ readinessProbe: asked, lifecycle: { preStop: { sleep: { seconds: 5 } } } });
    const pod = createPodScenario({ pod: testPod({ containers: [container] }, { [rule.stopAfter]: '3000' }) });
    await pod.start();
    await pod.delete(30);
    await pod.advance(4000);
    expect([pod.signals, readyOf(pod)]).toEqual([[], ['True', 'True', true]]);
    await pod.advance(3000);
    expect([pod.signals, readyOf(pod)]).toEqual([['app:SIGTERM@5000'], ['True', 'True', true]]);
    await pod.advance(1000);
    expect([pod.finalised, readyOf(pod)]).toEqual([['uid-1'], ['False', 'False', false]]);
  });

  it('is unready as soon as its readiness probe fails', async () => {
    const container = testContainer({ readinessProbe: asked });
    const pod = createPodScenario({ pod: testPod({ containers: [container] }, { [rule.stopAfter]: '20000' }) });
    await pod.start();
    await pod.delete(30);
    const failing = { [rule.ready]: 'false', [rule.stopAfter]: '20000' };
    pod.update((old) => ({ ...old, metadata: { ...old.metadata, annotations: failing } }));
    await pod.advance(1000);
    expect(readyOf(pod)).toEqual(['False', 'False', false]);
    expect(pod.events).toContain('Unhealthy: Readiness probe failed: simulated: not ready');
  });

  it('is asked for its readiness only: nothing of it is replaced', async () => {
    const kinds: string[] = [];
    const container = testContainer({ readinessProbe: asked, livenessProbe: asked });
    const pod = createPodScenario({
      pod: testPod({ containers: [container] }, { [rule.stopAfter]: '20000' }),
      configure: (runtime) => {
        runtime.probe = ({ kind }) => {
          kinds.push(kind);
          return Promise.resolve({ success: true, output: '' });
        };
      },
    });
    await pod.start();
    await pod.delete(30);
    kinds.length = 0;
    await pod.advance(5000);
    expect(new Set(kinds)).toEqual(new Set(['readiness']));
  });

  it('does not become ready where it had not started when it was deleted', async () => {
    const container = testContainer({ startupProbe: asked });
    const annotations = { [rule.readyAfter]: '500', [rule.stopAfter]: '20000' };
    const pod = createPodScenario({ pod: testPod({ containers: [container] }, annotations) });
    await pod.start();
    await pod.delete(30);
    await pod.advance(5000);
    expect(readyOf(pod)).toEqual(['False', 'False', false]);
  });
});

describe('unready at once, since no deletionTimestamp takes it out of traffic', () => {
  it('is a container that failed its liveness probe', async () => {
    const container = testContainer({ livenessProbe: asked });
    const pod = createPodScenario({
      pod: testPod({ containers: [container] }, { [rule.stopAfter]: '20000' }),
      configure: (runtime) => (runtime.probe = () => Promise.resolve({ success: false, output: 'broken' })),
    });
    await pod.start();
    expect([pod.signals, readyOf(pod)]).toEqual([['app:SIGTERM@0'], ['False', 'False', false]]);
  });

  it('is a pod whose deadline is over', async () => {
    const pod = createPodScenario({ pod: testPod({ activeDeadlineSeconds: 1 }, { [rule.stopAfter]: '20000' }) });
    await pod.start();
    await pod.advance(1000);
    expect([pod.signals, readyOf(pod)]).toEqual([['app:SIGTERM@1000'], ['False', 'False', false]]);
  });
});
