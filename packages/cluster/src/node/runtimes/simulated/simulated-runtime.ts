import type { RawResponse } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import {
  ImageError,
  type ContainerExit,
  type ContainerRequest,
  type ExecResult,
  type ImageInfo,
  type PodProxyRequest,
  type ProbeAnswer,
  type ProbeRequest,
  type RunningPod,
  type Runtime,
  type Sandbox,
  type SandboxRequest,
  type StartedContainer,
} from '../../runtime.ts';
import type { AddressRange } from './address-range.ts';
import { imageFailure, parseRules } from './rules.ts';

export interface SimulatedRuntimeOptions {
  readonly clock: Clock;
  /** May be shared by the runtimes of many nodes. */
  readonly addresses: AddressRange;
  readonly hostIP: string;
}

interface SimulatedPod {
  readonly request: SandboxRequest;
  readonly sandbox: Sandbox;
  readonly containers: Map<string, SimulatedContainer>;
}

interface SimulatedContainer {
  readonly startedAt: number;
  cancel: () => void;
}

const signalNumbers: Readonly<Record<string, number>> = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** Runs nothing: containers start, serve and end by the rules in their pods' annotations. Touches neither disk nor network. */
export class SimulatedRuntime implements Runtime {
  readonly name = 'simulated';
  readonly limitations: readonly string[] = [];
  readonly #options: SimulatedRuntimeOptions;
  readonly #pods = new Map<string, SimulatedPod>();
  #onExit: ((exit: ContainerExit) => void) | undefined;

  constructor(options: SimulatedRuntimeOptions) {
    this.#options = options;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  list(): Promise<readonly RunningPod[]> {
    const running = [...this.#pods.values()].map(({ sandbox, containers }) => ({
      sandbox,
      containers: [...containers].map(([containerId, { startedAt }]) => ({ containerId, startedAt })),
    }));
    return Promise.resolve(running);
  }

  async createSandbox(request: SandboxRequest): Promise<Sandbox> {
    const before = this.#pods.get(request.podUid);
    if (before !== undefined) return before.sandbox;
    const { addresses, hostIP } = this.#options;
    const podIP = request.hostNetwork ? hostIP : addresses.take();
    const sandbox = { podUid: request.podUid, podIP, hostIP };
    this.#pods.set(request.podUid, { request, sandbox, containers: new Map() });
    return sandbox;
  }

  removeSandbox(podUid: string): Promise<void> {
    const pod = this.#pods.get(podUid);
    if (pod === undefined) return Promise.resolve();
    for (const containerId of pod.containers.keys()) this.#end(pod, containerId, { exitCode: 137, signal: 'SIGKILL' });
    this.#pods.delete(podUid);
    if (!pod.request.hostNetwork) this.#options.addresses.give(pod.sandbox.podIP);
    return Promise.resolve();
  }

  ensureImage(image: string): Promise<ImageInfo> {
    return Promise.resolve({
      id: `sha256:simulated-${image}`,
      entrypoint: ['simulated'],
      command: [],
      environment: {},
      workingDirectory: '/',
      user: '',
      sizeBytes: 0,
    });
  }

  startContainer(request: ContainerRequest): Promise<StartedContainer> {
    const pod = this.#pods.get(request.podUid);
    if (pod === undefined) return Promise.reject(new Error(`pod ${request.podUid} has no sandbox`));
    const failure = imageFailure(pod.request.annotations, request.image);
    if (failure !== undefined) return Promise.reject(new ImageError('ErrImagePull', failure));
    const rules = parseRules(pod.request.annotations);
    // Nobody asks a container without probes whether it serves: it starts when it would.
    const wait = request.probed === true ? 0 : rules.readyAfter;
    if (wait === 0) return Promise.resolve(this.#run(pod, request.containerId));
    return new Promise((resolve, reject) => {
      this.#options.clock.schedule(wait, () => {
        if (this.#pods.get(request.podUid) === pod) resolve(this.#run(pod, request.containerId));
        else reject(new Error(`pod ${request.podUid} was removed while its container started`));
      });
    });
  }

  #run(pod: SimulatedPod, containerId: string): StartedContainer {
    const startedAt = this.#options.clock.now();
    const { exitAfter, exitCode } = parseRules(pod.request.annotations);
    const cancel =
      exitAfter === undefined
        ? () => undefined
        : this.#options.clock.schedule(exitAfter, () => this.#end(pod, containerId, { exitCode }));
    pod.containers.set(containerId, { startedAt, cancel });
    return { containerId, startedAt };
  }

  signalContainer(containerId: string, signal: string): Promise<void> {
    const pod = this.#podOf(containerId);
    const container = pod?.containers.get(containerId);
    if (pod === undefined || container === undefined) return Promise.resolve();
    const { stopAfter } = parseRules(pod.request.annotations);
    const end = (): void =>
      this.#end(pod, containerId, { exitCode: signal === 'SIGTERM' ? 0 : 128 + (signalNumbers[signal] ?? 0), signal });
    container.cancel();
    // Even at once is later: who signals has not returned yet.
    container.cancel = this.#options.clock.schedule(signal === 'SIGKILL' ? 0 : stopAfter, end);
    return Promise.resolve();
  }

  #podOf(containerId: string): SimulatedPod | undefined {
    return this.#pods.get(containerId.split('_')[0] ?? '');
  }

  #end(pod: SimulatedPod, containerId: string, how: Pick<ContainerExit, 'exitCode' | 'signal'>): void {
    const container = pod.containers.get(containerId);
    if (container === undefined) return;
    container.cancel();
    pod.containers.delete(containerId);
    const finishedAt = this.#options.clock.now();
    this.#onExit?.({ podUid: pod.sandbox.podUid, containerId, ...how, oomKilled: false, finishedAt });
  }

  exec(): Promise<ExecResult> {
    return Promise.resolve({ exitCode: 0, stdout: new Uint8Array(), stderr: new Uint8Array(), timedOut: false });
  }

  onExit(listener: (exit: ContainerExit) => void): void {
    this.#onExit = listener;
  }

  probe({ pod, containerId, kind }: ProbeRequest): Promise<ProbeAnswer> {
    const container = this.#podOf(containerId)?.containers.get(containerId);
    const { readyAfter, ready } = parseRules(pod.metadata.annotations);
    const serves = container !== undefined && this.#options.clock.now() >= container.startedAt + readyAfter;
    const success = kind === 'liveness' ? container !== undefined : serves && (kind === 'startup' || ready);
    return Promise.resolve({ success, output: success ? '' : 'simulated: not ready' });
  }

  podProxy({ pod }: PodProxyRequest): Promise<RawResponse> {
    const { health, healthStatus } = parseRules(pod.metadata.annotations);
    const type = /^\s*[[{]/.test(health) ? 'application/json' : 'text/plain; charset=utf-8';
    return Promise.resolve({
      status: healthStatus,
      headers: { 'content-type': type },
      body: once(Buffer.from(health)),
    });
  }

  stop(): Promise<void> {
    for (const podUid of this.#pods.keys()) void this.removeSandbox(podUid);
    return Promise.resolve();
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
