import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../../../kube/testing/fake-clock.ts';
import { testPod } from '../../../../testing/pod-scenario.ts';
import {
  containerRequest,
  describeRuntimeLifecycle,
  sandboxRequest,
} from '../../../../testing/runtime-lifecycle-contract.ts';
import type { ContainerExit } from '../../runtime.ts';
import { AddressRange } from './address-range.ts';
import { simulatedAnnotations as rule } from './rules.ts';
import { SimulatedRuntime } from './simulated-runtime.ts';

const container = { image: 'app:v1', command: ['app'] };

function create(range = '10.244.0.0/24') {
  const clock = new FakeClock(0);
  const runtime = new SimulatedRuntime({ clock, addresses: new AddressRange(range), hostIP: '192.0.2.1' });
  const exits: ContainerExit[] = [];
  runtime.onExit((exit) => exits.push(exit));
  return { clock, runtime, exits };
}

describeRuntimeLifecycle('simulated', async () => {
  const { clock, runtime } = create();
  return {
    runtime,
    container,
    until: async (holds) => {
      await clock.advance(1000);
      if (!holds()) throw new Error('it did not come true within a second');
    },
    close: () => runtime.stop(),
  };
});

describe('rules', () => {
  it('end a container after a time with an exit code', async () => {
    const { clock, runtime, exits } = create();
    await runtime.createSandbox({
      ...sandboxRequest('a'),
      annotations: { [rule.exitAfter]: '500', [rule.exitCode]: '7' },
    });
    await runtime.startContainer(containerRequest('a', 'a_app_0', container));
    await clock.advance(499);
    expect(exits).toEqual([]);
    await clock.advance(1);
    expect(exits).toMatchObject([{ containerId: 'a_app_0', exitCode: 7, finishedAt: 500 }]);
  });

  it('delay the start of a container that nobody probes', async () => {
    const { clock, runtime } = create();
    await runtime.createSandbox({ ...sandboxRequest('a'), annotations: { [rule.readyAfter]: '300' } });
    const started = runtime.startContainer(containerRequest('a', 'a_app_0', container));
    await clock.advance(300);
    expect(await started).toEqual({ containerId: 'a_app_0', startedAt: 300 });
  });

  it('let the start of a pod that is removed meanwhile fail', async () => {
    const { clock, runtime } = create();
    await runtime.createSandbox({ ...sandboxRequest('a'), annotations: { [rule.readyAfter]: '300' } });
    const started = runtime.startContainer(containerRequest('a', 'a_app_0', container));
    await runtime.removeSandbox('a');
    const outcome = started.catch((error: unknown) => String(error));
    await clock.advance(300);
    expect(await outcome).toContain('was removed');
    expect(await runtime.list()).toEqual([]);
  });

  it('say that an image is not found', async () => {
    const { runtime } = create();
    await runtime.createSandbox({ ...sandboxRequest('a'), annotations: { [rule.failImage]: 'true' } });
    await expect(runtime.startContainer(containerRequest('a', 'a_app_0', container))).rejects.toMatchObject({
      name: 'ImageError',
      reason: 'ErrImagePull',
    });
  });

  it('answer requests by the annotations that the pod has now', async () => {
    const { runtime } = create();
    const pod = testPod({}, { [rule.health]: '{"healthy":false}', [rule.healthStatus]: '418' });
    const answer = await runtime.podProxy({ pod, port: 80, method: 'GET', path: '/health' });
    expect([answer.status, answer.headers['content-type']]).toEqual([418, 'application/json']);
  });
});

describe('addresses', () => {
  it('are used again only when all others have been', async () => {
    const { runtime } = create('10.0.0.0/29');
    const take = async (uid: string) => (await runtime.createSandbox(sandboxRequest(uid))).podIP;
    const first = await take('first');
    await runtime.removeSandbox('first');
    const others: string[] = [];
    for (let index = 0; index < 5; index++) others.push(await take(`pod-${index}`));
    expect(others).not.toContain(first);
    expect(await take('again')).toBe(first);
  });

  it('say when they are used up', async () => {
    const { runtime } = create('10.0.0.0/30');
    for (const uid of ['a', 'b']) await runtime.createSandbox(sandboxRequest(uid));
    await expect(runtime.createSandbox(sandboxRequest('c'))).rejects.toThrow(
      'all 2 addresses of the pod range are in use',
    );
  });

  it('of a range that is none say so', () => {
    expect(() => new AddressRange('10.0.0.0')).toThrow('"10.0.0.0" is not a range of addresses');
  });
});
