import type { Runtime } from '../runtime.ts';

/** One node's part of a runtime that several nodes use: an agent must neither see nor end what another one has started. */
export function shareOf(runtime: Runtime): Runtime {
  const own = new Set<string>();
  const usage = runtime.usage?.bind(runtime);
  return {
    name: runtime.name,
    limitations: runtime.limitations,
    memoryVolumes: runtime.memoryVolumes,
    memoryDirectory: runtime.memoryDirectory,
    start: (signal) => runtime.start(signal),
    list: async () => (await runtime.list()).filter(({ sandbox }) => own.has(sandbox.podUid)),
    createSandbox: (request) => {
      own.add(request.podUid);
      return runtime.createSandbox(request);
    },
    removeSandbox: async (podUid) => {
      if (!own.has(podUid)) return;
      await runtime.removeSandbox(podUid);
      own.delete(podUid);
    },
    ensureImage: (...request) => runtime.ensureImage(...request),
    startContainer: (request) => runtime.startContainer(request),
    signalContainer: (containerId, signal) => runtime.signalContainer(containerId, signal),
    exec: (containerId, request) => runtime.exec(containerId, request),
    ...(runtime.openExec === undefined ? {} : { openExec: runtime.openExec.bind(runtime) }),
    ...(runtime.attach === undefined ? {} : { attach: runtime.attach.bind(runtime) }),
    ...(runtime.dialLoopback === undefined ? {} : { dialLoopback: runtime.dialLoopback.bind(runtime) }),
    ...(usage === undefined ? {} : { usage: async () => (await usage()).filter(({ podUid }) => own.has(podUid)) }),
    onExit: (listener) =>
      runtime.onExit((exit) => {
        if (own.has(exit.podUid)) listener(exit);
      }),
    stop: async () => {
      await Promise.all([...own].map((podUid) => runtime.removeSandbox(podUid)));
    },
  };
}
