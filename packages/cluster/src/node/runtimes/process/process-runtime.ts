import type { Socket } from 'node:net';
import { delay, type Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { quantityValue } from '@slipway/kube/quantity';
import type { ContainerGroup, ControlGroups } from '../../control-groups/control-groups.ts';
import {
  StartError,
  type Attachment,
  type ContainerExit,
  type ContainerRequest,
  type ContainerUsage,
  type ExecRequest,
  type ExecResult,
  type ImageInfo,
  type ImageUse,
  type MemoryVolumes,
  type OpenExecRequest,
  type PullPolicy,
  type RunningCommand,
  type RunningPod,
  type Runtime,
  type Sandbox,
  type SandboxRequest,
  type StartedContainer,
} from '../../runtime.ts';
import { awaitReport, endOf, startProcess } from './contained-process.ts';
import { consoleOf, openConsole, type Console } from './console.ts';
import { MemoryWatch, type MemoryLimit } from './memory-watch.ts';
import { findAboveLimit, measureProcesses } from './process-usage.ts';
import { runInside } from './exec.ts';
import { imageNeverPulled, imageNotFound, machineImage } from './local-images.ts';
import { openExec } from './open-exec.ts';
import { signalIfRunning } from './signal.ts';
import type { ImageSource, IsolatedSandbox, Isolation, PreparedContainer } from './isolation.ts';

export interface ProcessRuntimeOptions {
  readonly isolation: Isolation;
  readonly groups: ControlGroups;
  readonly images: ImageSource;
  /** Whether a container without an image finds a program of that name. */
  readonly hasProgram: (name: string) => boolean;
  /** Why the level is no better one. */
  readonly limitations?: readonly string[] | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Container {
  readonly podUid: string;
  readonly started: StartedContainer;
  /** The first process, as this process sees it. */
  readonly pid: number;
  readonly prepared: PreparedContainer;
  readonly group: ContainerGroup;
  readonly stopSignal: string;
  readonly console: Console;
  readonly exitCode: Promise<number>;
  /** Resolves when nothing of the container is left. */
  readonly gone: Promise<void>;
}

interface LaunchParts {
  readonly prepared: PreparedContainer;
  readonly group: ContainerGroup;
  readonly stopSignal: string;
}

interface FirstProcess {
  readonly console: Console;
  readonly ended: Promise<number>;
  readonly firstPid: number | undefined;
  report(): Promise<number>;
}

interface BegunProcess extends Pick<FirstProcess, 'console' | 'ended'> {
  readonly pid: number;
}

/** How long output may still arrive after the first process has ended: a process that escaped may hold the pipe. */
const outputGraceMilliseconds = 500;

/** Runs containers as processes of this machine. What they can see of it is up to the isolation. */
export class ProcessRuntime implements Runtime {
  readonly name = 'process';
  private readonly options: ProcessRuntimeOptions;
  private readonly sandboxes = new Map<string, Promise<IsolatedSandbox>>();
  private readonly containers = new Map<string, Container>();
  private readonly listeners: ((exit: ContainerExit) => void)[] = [];
  private readonly memory: MemoryWatch;

  constructor(options: ProcessRuntimeOptions) {
    this.options = options;
    const { clock, logger } = options;
    this.memory = new MemoryWatch({ clock, logger, findAboveLimit });
  }

  get limitations(): readonly string[] {
    const { groups, isolation, limitations = [] } = this.options;
    return [...limitations, ...groups.limitations, ...isolation.limitations];
  }

  get memoryVolumes(): MemoryVolumes | undefined {
    return this.options.isolation.memoryVolumes;
  }

  get memoryDirectory(): string | undefined {
    return this.options.isolation.memoryDirectory;
  }

  get firstPort(): number | undefined {
    return this.options.isolation.firstPort;
  }

  noteReady(): void {
    this.options.isolation.noteReady?.();
  }

  async start(): Promise<void> {
    const { groups, isolation } = this.options;
    await Promise.all([groups.start(), isolation.start()]);
  }

  async list(): Promise<readonly RunningPod[]> {
    const sandboxes = await Promise.all(this.sandboxes.values());
    return sandboxes.map(({ sandbox }) => ({
      sandbox,
      containers: this.containersOf(sandbox.podUid).map(({ started }) => started),
    }));
  }

  async createSandbox(request: SandboxRequest): Promise<Sandbox> {
    const creating = this.sandboxes.get(request.podUid) ?? this.options.isolation.createSandbox(request);
    this.sandboxes.set(request.podUid, creating);
    try {
      return (await creating).sandbox;
    } catch (error) {
      this.sandboxes.delete(request.podUid);
      throw error;
    }
  }

  async removeSandbox(podUid: string): Promise<void> {
    const sandbox = this.sandboxes.get(podUid);
    if (sandbox === undefined) {
      return;
    }
    const containers = this.containersOf(podUid);
    for (const container of containers) kill(container);
    await Promise.all(containers.map(({ gone }) => gone));
    this.sandboxes.delete(podUid);
    await (await sandbox).remove();
  }

  async ensureImage(image: string, pullPolicy: PullPolicy, container?: ImageUse): Promise<ImageInfo> {
    const found = await this.options.images.find(image);
    if (found !== undefined) return found.info;
    if (container !== undefined && this.needsNoImage(container)) return machineImage.info;
    throw pullPolicy === 'Never' ? imageNeverPulled(image) : imageNotFound(image);
  }

  /** Most images run what stands first in `args`, which is where `kubectl run NAME --image=busybox -- sh` says it. */
  private needsNoImage({ hasCommand, firstArgument = '' }: ImageUse): boolean {
    return hasCommand || this.options.hasProgram(firstArgument);
  }

  async startContainer(request: ContainerRequest): Promise<StartedContainer> {
    const running = this.containers.get(request.containerId);
    if (running !== undefined) {
      return running.started;
    }
    const sandbox = await this.sandboxes.get(request.podUid);
    if (sandbox === undefined) {
      throw new StartError('CreateContainerError', `pod ${request.podUid} has no sandbox: it was removed meanwhile`);
    }
    const image = (await this.options.images.find(request.image)) ?? machineImage;
    const group = await this.createGroup(request);
    const processesOf = this.containers.get(request.processesOf ?? '')?.pid;
    const place = { sandbox, image, groupEntries: group.entries, groupEntriesLeft: group.entriesLeft, processesOf };
    try {
      const prepared = await this.options.isolation.prepare(request, place);
      return await this.launch(request, { prepared, group, stopSignal: image.stopSignal });
    } catch (error) {
      await this.clearAway(request, () => group.remove());
      throw error;
    }
  }

  signalContainer(containerId: string, signal: string): Promise<void> {
    const container = this.containers.get(containerId);
    if (container !== undefined && signal === 'SIGKILL') kill(container);
    else if (container !== undefined) {
      // As with every container runtime, the image decides how its program is asked to end.
      signalIfRunning(container.pid, signal === 'SIGTERM' ? container.stopSignal : signal);
    }
    return Promise.resolve();
  }

  async exec(containerId: string, request: ExecRequest): Promise<ExecResult> {
    const container = this.running(containerId);
    return runInside(container.prepared.execLaunch(container.pid, request.command), {
      timeoutMilliseconds: request.timeoutMilliseconds,
      clock: this.options.clock,
      pipes: this.options.isolation.pipes,
    });
  }

  openExec(containerId: string, request: OpenExecRequest): Promise<RunningCommand> {
    const { prepared, pid } = this.running(containerId);
    const launch = prepared.execLaunch(pid, request.command, { tty: request.tty });
    return openExec(launch, request, this.options.isolation.pipes);
  }

  attach(containerId: string): Attachment {
    const { console, exitCode } = this.running(containerId);
    return {
      stdin: console.stdin,
      onOutput: (listener) => console.listen(listener),
      resize: (size) => console.resize(size),
      exitCode,
    };
  }

  async dialLoopback(podUid: string, port: number, signal?: AbortSignal): Promise<Socket> {
    const sandbox = await this.sandboxes.get(podUid);
    if (sandbox?.dialLoopback === undefined) throw new Error(`pod ${podUid} has no loopback address of its own`);
    return sandbox.dialLoopback(port, signal);
  }

  async usage(): Promise<readonly ContainerUsage[]> {
    const running = [...this.containers.values()];
    const used = await measureProcesses(new Set(running.map(({ pid }) => pid)));
    return running.flatMap(({ podUid, started: { containerId }, pid }) => {
      const usage = used.get(pid);
      return usage === undefined ? [] : [{ podUid, containerId, ...usage }];
    });
  }

  onExit(listener: (exit: ContainerExit) => void): void {
    this.listeners.push(listener);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.sandboxes.keys()].map((podUid) => this.removeSandbox(podUid)));
    await this.options.isolation.stop();
    await this.options.groups.stop();
  }

  private running(containerId: string): Container {
    const container = this.containers.get(containerId);
    if (container === undefined) throw new Error(`container ${containerId} is not running`);
    return container;
  }

  private containersOf(podUid: string): readonly Container[] {
    return [...this.containers.values()].filter((container) => container.podUid === podUid);
  }

  private async launch(
    request: ContainerRequest,
    { prepared, group, stopSignal }: LaunchParts,
  ): Promise<StartedContainer> {
    const { console, ended, pid } = await this.begin(request, prepared);
    prepared.started?.(pid);
    const started = { containerId: request.containerId, startedAt: this.options.clock.now() };
    const memory = this.watchMemory(request, { prepared, group, pid });
    const gone = this.awaitEnd({ request, prepared, group, memory, pid, ended, console });
    const { podUid, containerId } = request;
    const exitCode = Promise.all([ended, gone]).then(([code]) => code);
    this.containers.set(containerId, { podUid, started, pid, prepared, group, stopSignal, console, exitCode, gone });
    return started;
  }

  private async begin(request: ContainerRequest, prepared: PreparedContainer): Promise<BegunProcess> {
    const { console, ended, firstPid, report } = await this.startFirst(request, prepared);
    try {
      return { console, ended, pid: await report() };
    } catch (error) {
      await ended.catch(() => undefined);
      await prepared.remove(firstPid);
      throw error;
    }
  }

  private async startFirst(request: ContainerRequest, { launch, waiting }: PreparedContainer): Promise<FirstProcess> {
    const asked = { ...request, clock: this.options.clock };
    if (waiting !== undefined) {
      const console = consoleOf(waiting.output, asked, undefined);
      return { console, ended: waiting.exitCode, firstPid: undefined, report: () => waiting.proceed() };
    }
    const console = await openConsole(asked, this.options.isolation.pipes);
    const child = startProcess(launch, console.streams);
    return { console, ended: endOf(child), firstPid: child.pid, report: () => awaitReport(child, launch) };
  }

  private async awaitEnd(container: {
    readonly request: ContainerRequest;
    readonly prepared: PreparedContainer;
    readonly group: ContainerGroup;
    readonly memory: MemoryLimit | undefined;
    readonly pid: number;
    readonly ended: Promise<number>;
    readonly console: Console;
  }): Promise<void> {
    const { request, prepared, group, memory, pid } = container;
    const exitCode = await container.ended.finally(() => memory?.remove());
    const finishedAt = this.options.clock.now();
    // One that outlived the kill of a process of its own and then ended well was not ended by it.
    const oomKilled = exitCode !== 0 && (memory ?? group).wasOutOfMemory();
    await this.clearAway(request, () => prepared.remove(pid));
    await this.clearAway(request, () => group.remove());
    await Promise.race([container.console.ended, delay(this.options.clock, outputGraceMilliseconds)]);
    container.console.close();
    this.containers.delete(request.containerId);
    for (const listener of this.listeners) {
      listener({ podUid: request.podUid, containerId: request.containerId, exitCode, oomKilled, finishedAt });
    }
  }

  /** Where the kernel does not. */
  private watchMemory(
    { resources }: ContainerRequest,
    { prepared, group, pid }: Pick<Container, 'prepared' | 'group' | 'pid'>,
  ): MemoryLimit | undefined {
    const limitBytes = quantityValue(resources.limits?.['memory']);
    if (limitBytes <= 0 || this.options.groups.holds('memory')) return undefined;
    return this.memory.add({ pid, limitBytes, kill: () => kill({ prepared, pid, group }) });
  }

  private async createGroup(request: ContainerRequest): Promise<ContainerGroup> {
    const ahead = this.options.isolation.takeGroup?.(request.podUid);
    try {
      return await this.options.groups.create(request.resources, ahead);
    } catch (error) {
      if (ahead !== undefined) await this.clearAway(request, () => ahead.remove());
      throw error;
    }
  }

  private async clearAway({ containerId }: ContainerRequest, remove: () => Promise<void>): Promise<void> {
    await remove().catch((error: unknown) => {
      this.options.logger.warn('what a container left could not be removed', { container: containerId, error });
    });
  }
}

function kill({ prepared, pid, group }: Pick<Container, 'prepared' | 'pid' | 'group'>): void {
  prepared.kill(pid);
  group.liftCpuLimit();
}
