/** What every runtime promises the node agent of the lives of pods and containers, also one that runs nothing. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ContainerExit, ContainerRequest, Runtime, SandboxRequest } from '../src/node/runtime.ts';

export interface LifecycleUnderTest {
  readonly runtime: Runtime;
  /** Of a container that runs until SIGTERM and then ends. */
  readonly container: Pick<ContainerRequest, 'image' | 'command'>;
  /** Lets pass what time it takes until what was asked for has happened. */
  until(holds: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export function describeRuntimeLifecycle(name: string, create: () => Promise<LifecycleUnderTest>): void {
  describe(`the runtime ${name}`, () => {
    let under: LifecycleUnderTest;
    let exits: ContainerExit[];

    beforeEach(async () => {
      under = await create();
      exits = [];
      under.runtime.onExit((exit) => exits.push(exit));
    });
    afterEach(() => under.close());

    const start = async (podUid: string, containerId: string): Promise<void> => {
      await under.runtime.createSandbox(sandboxRequest(podUid));
      await under.runtime.startContainer(containerRequest(podUid, containerId, under.container));
    };

    it('gives a pod one address however often it is asked, and another pod another one', async () => {
      const first = await under.runtime.createSandbox(sandboxRequest('a'));
      expect(await under.runtime.createSandbox(sandboxRequest('a'))).toEqual(first);
      expect((await under.runtime.createSandbox(sandboxRequest('b'))).podIP).not.toBe(first.podIP);
    });

    it('lists what runs', async () => {
      await start('a', 'a_app_0');
      const [pod] = await under.runtime.list();
      expect(pod?.sandbox.podUid).toBe('a');
      expect(pod?.containers.map(({ containerId }) => containerId)).toEqual(['a_app_0']);
    });

    it('ends a container with SIGTERM and says so once', async () => {
      await start('a', 'a_app_0');
      await under.runtime.signalContainer('a_app_0', 'SIGTERM');
      await under.until(() => exits.length > 0);
      expect(exits).toMatchObject([{ podUid: 'a', containerId: 'a_app_0', oomKilled: false }]);
      expect((await under.runtime.list())[0]?.containers).toEqual([]);
    });

    it('kills a container with SIGKILL as exit code 137', async () => {
      await start('a', 'a_app_0');
      await under.runtime.signalContainer('a_app_0', 'SIGKILL');
      await under.until(() => exits.length > 0);
      expect(exits).toMatchObject([{ exitCode: 137, signal: 'SIGKILL' }]);
    });

    it('starts the next attempt in the same sandbox', async () => {
      await start('a', 'a_app_0');
      await under.runtime.signalContainer('a_app_0', 'SIGKILL');
      await under.until(() => exits.length > 0);
      await start('a', 'a_app_1');
      expect((await under.runtime.list())[0]?.containers.map(({ containerId }) => containerId)).toEqual(['a_app_1']);
    });

    it('kills what runs in a sandbox that is removed', async () => {
      await start('a', 'a_app_0');
      await under.runtime.removeSandbox('a');
      await under.until(() => exits.length > 0);
      expect(await under.runtime.list()).toEqual([]);
    });

    it('takes no offence at what is gone', async () => {
      await under.runtime.removeSandbox('unknown');
      await under.runtime.signalContainer('unknown_app_0', 'SIGTERM');
      expect(await under.runtime.list()).toEqual([]);
    });

    it('refuses to start a container without a sandbox', async () => {
      const request = containerRequest('none', 'none_app_0', under.container);
      await expect(under.runtime.startContainer(request)).rejects.toThrow('none');
    });
  });
}

export function sandboxRequest(podUid: string): SandboxRequest {
  return {
    podUid,
    namespace: 'default',
    name: podUid,
    hostname: podUid,
    hostNetwork: false,
    hosts: [],
    resolvConf: '',
  };
}

export function containerRequest(
  podUid: string,
  containerId: string,
  container: Pick<ContainerRequest, 'image' | 'command'>,
): ContainerRequest {
  return {
    podUid,
    containerId,
    name: 'app',
    ...container,
    environment: {},
    workingDirectory: '/',
    user: '',
    mounts: [],
    resources: {},
    securityContext: undefined,
    tty: false,
    onOutput: () => undefined,
  };
}
