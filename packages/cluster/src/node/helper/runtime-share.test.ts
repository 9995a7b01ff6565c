import { describe, expect, it } from 'vitest';
import type { ContainerExit, RunningPod, Runtime } from '../runtime.ts';
import { shareOf } from './runtime-share.ts';

function fakeRuntime() {
  const sandboxes = new Map<string, RunningPod>();
  const listeners: ((exit: ContainerExit) => void)[] = [];
  const runtime: Runtime = {
    name: 'process',
    limitations: [],
    start: () => Promise.resolve(),
    list: () => Promise.resolve([...sandboxes.values()]),
    createSandbox: ({ podUid }) => {
      const sandbox = { podUid, podIP: '10.0.0.2', hostIP: '10.0.0.1' };
      sandboxes.set(podUid, { sandbox, containers: [] });
      return Promise.resolve(sandbox);
    },
    removeSandbox: (podUid) => Promise.resolve(void sandboxes.delete(podUid)),
    ensureImage: () => Promise.reject(new Error('no images here')),
    startContainer: ({ containerId }) => Promise.resolve({ containerId, startedAt: 0 }),
    signalContainer: () => Promise.resolve(),
    exec: () => Promise.reject(new Error('nothing runs here')),
    onExit: (listener) => void listeners.push(listener),
    stop: () => Promise.resolve(),
  };
  const end = (podUid: string): void => {
    const exit = { podUid, containerId: 'c', exitCode: 0, oomKilled: false, finishedAt: 0 };
    for (const listener of listeners) listener(exit);
  };
  return { runtime, sandboxes, end };
}

function request(podUid: string): Parameters<Runtime['createSandbox']>[0] {
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

describe('shareOf', () => {
  it('shows a node its own pods and leaves those of others alone', async () => {
    const { runtime, sandboxes, end } = fakeRuntime();
    const [first, second] = [shareOf(runtime), shareOf(runtime)];
    const ended: string[] = [];
    first.onExit(({ podUid }) => ended.push(`first ${podUid}`));
    second.onExit(({ podUid }) => ended.push(`second ${podUid}`));
    await first.createSandbox(request('a'));
    await second.createSandbox(request('b'));
    expect((await first.list()).map(({ sandbox }) => sandbox.podUid)).toEqual(['a']);
    await first.removeSandbox('b');
    expect([...sandboxes.keys()]).toEqual(['a', 'b']);
    end('a');
    end('b');
    expect(ended).toEqual(['first a', 'second b']);
    await second.stop();
    expect([...sandboxes.keys()]).toEqual(['a']);
  });
});
