import type { Pod } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { createPodScenario, testContainer, testPod, type ScenarioOptions } from '../../../testing/pod-scenario.ts';
import type { ContainerRequest } from '../runtime.ts';

type Scenario = ReturnType<typeof createPodScenario>;

const debug = { name: 'debug', image: 'busybox', command: ['sh'] };

function withDebug(pod: Pod, targetContainerName?: string): Pod {
  const added = targetContainerName === undefined ? debug : { ...debug, targetContainerName };
  return { ...pod, spec: { containers: [], ...pod.spec, ephemeralContainers: [added] } };
}

/** A pod whose starts are kept, with a container that somebody adds to it. */
async function debugged(
  pod: Pod,
  target?: string,
): Promise<Scenario & { readonly starts: readonly ContainerRequest[] }> {
  const starts: ContainerRequest[] = [];
  const configure: ScenarioOptions['configure'] = (runtime) => {
    const start = runtime.startContainer.bind(runtime);
    runtime.startContainer = (request) => {
      starts.push(request);
      return start(request);
    };
  };
  const scenario = createPodScenario({ pod, configure });
  await scenario.start();
  scenario.update((before) => withDebug(before, target));
  await scenario.advance(0);
  return Object.assign(scenario, { starts });
}

describe('an ephemeral container', () => {
  it('starts beside those that run, and shows in a status of its own', async () => {
    const pod = await debugged(testPod());
    expect(pod.status().ephemeralContainerStatuses).toMatchObject([
      { name: 'debug', ready: false, restartCount: 0, state: { running: {} } },
    ]);
    expect(pod.status().containerStatuses).toHaveLength(1);
    expect(pod.condition('Ready')).toBe('True');
  });

  it('sees the processes of its target', async () => {
    const pod = await debugged(testPod(), 'app');
    expect(pod.starts.map(({ name, processesOf }) => [name, processesOf])).toEqual([
      ['app', undefined],
      ['debug', 'uid-1_app_0'],
    ]);
  });

  it('does not start without a target that runs, and says so', async () => {
    const pod = await debugged(testPod(), 'no-such');
    expect(pod.starts.map(({ name }) => name)).toEqual(['app']);
    expect(pod.status().ephemeralContainerStatuses).toMatchObject([
      {
        state: {
          waiting: { reason: 'CreateContainerConfigError', message: 'unable to find target container no-such' },
        },
      },
    ]);
  });

  it('starts while init containers are still at work', async () => {
    const init = testContainer({ name: 'init' });
    const pod = await debugged(testPod({ initContainers: [init] }));
    expect(pod.starts.map(({ name }) => name)).toEqual(['init', 'debug']);
    expect(pod.condition('Initialized')).toBe('False');
  });

  it('is not started again, and neither ends the pod nor fails it', async () => {
    const pod = await debugged(testPod());
    await pod.runtime.signalContainer('uid-1_debug_0', 'SIGKILL');
    await pod.advance(600_000);
    expect(pod.status().ephemeralContainerStatuses).toMatchObject([{ restartCount: 0, state: { terminated: {} } }]);
    expect(pod.status().phase).toBe('Running');
    expect(pod.starts.filter(({ name }) => name === 'debug')).toHaveLength(1);
  });

  it('ends with the pod', async () => {
    const pod = await debugged(testPod());
    await pod.delete(5);
    await pod.advance(6_000);
    expect(pod.signals.some((signal) => signal.startsWith('debug:'))).toBe(true);
    expect(pod.finalised).toEqual(['uid-1']);
  });
});
