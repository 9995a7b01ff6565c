/**
 * What the node agent asks of something that runs containers. Implementations: `process` (programs of this machine),
 * `simulated` (nothing runs), later `docker`. The agent owns restarts, probes, volumes, log files and status; a runtime
 * only does as it is told, remembers nothing that it cannot be asked, and survives every call being made twice.
 */
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Pod, Probe, ResourceRequirements, SecurityContext } from '@slipway/kube/api.generated';
import type { RawResponse } from '@slipway/kube/client';

export interface Runtime {
  /** As in `containerID: process://...`. */
  readonly name: 'process' | 'simulated' | 'docker';
  /** What cannot be had on this machine with these rights, each a full sentence; the agent makes them events and node conditions. */
  readonly limitations: readonly string[];
  start(signal: AbortSignal): Promise<void>;
  /** Everything that runs, for an agent that starts anew. */
  list(): Promise<readonly RunningPod[]>;
  /** Address, hostname and namespaces of a pod. Idempotent by `podUid`. */
  createSandbox(sandbox: SandboxRequest): Promise<Sandbox>;
  /** Kills what still runs in it and frees its address. Unknown ones are fine. */
  removeSandbox(podUid: string): Promise<void>;
  /** Finds or pulls; rejects with an `ImageError`. */
  ensureImage(image: string, pullPolicy: PullPolicy, use?: ImageUse): Promise<ImageInfo>;
  /** Resolves when the process has been started; rejects with a `StartError`. */
  startContainer(container: ContainerRequest): Promise<StartedContainer>;
  /** `signal` such as `SIGTERM`. To the container's first process; SIGKILL to all of its processes. Gone ones are fine. */
  signalContainer(containerId: string, signal: string): Promise<void>;
  /** Runs a command inside; resolves when it ends or is killed after `timeoutMilliseconds` (`timedOut`). Output is kept to 64 KiB a stream. */
  exec(containerId: string, request: ExecRequest): Promise<ExecResult>;
  /** Runs a command inside for somebody who holds its streams. Absent: nothing runs. Rejects with a `StartError`. */
  openExec?(containerId: string, request: OpenExecRequest): Promise<RunningCommand>;
  /** The streams of the container's own first process, for as long as it runs. Absent: nothing runs. */
  attach?(containerId: string): Attachment;
  /** Called once for each container that ends, after the last of its output. */
  onExit(listener: (exit: ContainerExit) => void): void;
  /** A pod has become ready, and whoever waited for it goes on just now: what can be made before its time is not made beside that. */
  noteReady?(): void;
  /** Answers a probe in place of the agent, which else dials and executes itself. For runtimes whose containers cannot be asked. */
  probe?(request: ProbeRequest): Promise<ProbeAnswer>;
  /** Answers a request to a pod's port in place of its program. `path` includes the query. */
  podProxy?(request: PodProxyRequest): Promise<RawResponse>;
  /** Connects to a port of the pod's own 127.0.0.1; rejects where it has none. Absent: no pod has one. */
  dialLoopback?(podUid: string, port: number, signal?: AbortSignal): Promise<Socket>;
  /** What the containers that run have used so far. Absent: nothing is measured. */
  usage?(): Promise<readonly ContainerUsage[]>;
  /** The lowest port that programs in containers may listen on. Absent: any. */
  readonly firstPort?: number | undefined;
  /** For volumes whose files are in memory. Absent: they are on disk like others. */
  readonly memoryVolumes?: MemoryVolumes | undefined;
  /** For small files in memory, which every container can be given and which go with the runtime; there once it has been started. */
  readonly memoryDirectory?: string | undefined;
  stop(): Promise<void>;
}

export interface ContainerUsage {
  readonly podUid: string;
  readonly containerId: string;
  /** Since it started, of all its processes. */
  readonly cpuNanoseconds: number;
  /** Now; what several processes share is counted for each in part. */
  readonly memoryBytes: number;
}

export interface MemoryVolumes {
  /** At a directory that exists. Nothing more can be written once `sizeBytes` are full; undefined: half of the memory. Idempotent. */
  mount(path: string, sizeBytes: number | undefined): Promise<void>;
  /** With all that is in it. Unknown ones are fine. */
  unmount(path: string): Promise<void>;
}

export type PullPolicy = 'Always' | 'IfNotPresent' | 'Never';

export interface ImageUse {
  /** The container names its command itself: a runtime that starts programs of this machine then needs no image. */
  readonly hasCommand: boolean;
  /** The first of its arguments, which is what runs where no image says what runs before it. */
  readonly firstArgument?: string | undefined;
}

export interface ProbeRequest {
  /** As the API has it now. */
  readonly pod: Pod;
  readonly containerId: string;
  readonly kind: 'startup' | 'readiness' | 'liveness';
  readonly probe: Probe;
}

export interface ProbeAnswer {
  readonly success: boolean;
  readonly output: string;
}

export interface PodProxyRequest {
  /** As the API has it now. */
  readonly pod: Pod;
  readonly port: number;
  readonly method: string;
  readonly path: string;
}

export interface SandboxRequest {
  readonly podUid: string;
  readonly namespace: string;
  readonly name: string;
  readonly hostname: string;
  /** By which the pod finds itself in its /etc/hosts; absent: by its hostname. */
  readonly hostNames?: readonly string[] | undefined;
  readonly hostNetwork: boolean;
  /** Whether its containers see each other's processes, where those of containers are apart. */
  readonly sharesProcesses?: boolean | undefined;
  /** Lines of /etc/hosts beyond the pod's own, and of /etc/resolv.conf. */
  readonly hosts: readonly string[];
  readonly resolvConf: string;
  /** The pod's own. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

export interface Sandbox {
  readonly podUid: string;
  readonly podIP: string;
  readonly hostIP: string;
  /**
   * What programs in it must know about this machine, such as POD_IP where they may listen on that address only. Every
   * container gets these; variables of its own come first.
   */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

export interface ImageInfo {
  /** `sha256:...` of the configuration; `imageID` in the pod's status. */
  readonly id: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly user: string;
  readonly sizeBytes: number;
  /** There is no such image: the files of the machine stand in for it, as a container with a command of its own allows. */
  readonly isMachine?: boolean | undefined;
  /** Set if it had to be fetched from elsewhere: how long that took. */
  readonly pulledInMilliseconds?: number | undefined;
}

export interface Mount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
}

export interface ContainerRequest {
  readonly podUid: string;
  /** Unique on the node: the agent derives it from pod, container name and attempt. */
  readonly containerId: string;
  readonly name: string;
  readonly image: string;
  /** Entrypoint and arguments, already merged with the image's and expanded. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly user: string;
  /** Groups of the user beside those that the image gives. */
  readonly supplementalGroups?: readonly number[] | undefined;
  readonly mounts: readonly Mount[];
  readonly resources: ResourceRequirements;
  readonly securityContext: SecurityContext | undefined;
  /** Id of a container of the same pod whose processes it sees and may signal, instead of having its own. */
  readonly processesOf?: string | undefined;
  readonly tty: boolean;
  /** Whether it has an input that can be attached to; else it reads nothing. */
  readonly stdin?: boolean | undefined;
  /** Whether a startup or readiness probe will ask when it serves. A runtime that runs nothing delays the start of others instead. */
  readonly probed?: boolean | undefined;
  /**
   * Called with what the container writes, as it writes it. The returned promise resolves once there is room for more: a
   * runtime that pauses the stream until then loses nothing; one that does not may see output dropped, with a line that says so.
   */
  readonly onOutput: OutputListener;
}

export interface StartedContainer {
  readonly containerId: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

export interface ContainerExit {
  readonly podUid: string;
  readonly containerId: string;
  /** 128 + signal number when a signal ended it. */
  readonly exitCode: number;
  readonly signal?: string | undefined;
  readonly oomKilled: boolean;
  readonly finishedAt: number;
}

export interface ExecRequest {
  readonly command: readonly string[];
  readonly timeoutMilliseconds: number;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly timedOut: boolean;
}

export interface OpenExecRequest {
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface RunningCommand {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  /** Absent with a terminal, which has one output for all. */
  readonly stderr: Readable | undefined;
  /** Without a terminal: nothing. */
  resize(size: TerminalSize): void;
  /** 128 + signal number when a signal ended it. What it wrote may still have to be read. */
  readonly exitCode: Promise<number>;
  /** Closes what it reads and writes: nobody listens any more. */
  abandon(): void;
}

export interface Attachment {
  /** Undefined if the container has no input. Shared by all who attach. */
  readonly stdin: Writable | undefined;
  /** From now on, and for the first how a program with an input began. Gives what ends it. */
  onOutput(listener: OutputListener): () => void;
  resize(size: TerminalSize): void;
  /** After the last of its output. */
  readonly exitCode: Promise<number>;
}

/** The returned promise resolves once there is room for more. */
export type OutputListener = (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void | Promise<void>;

export interface RunningPod {
  readonly sandbox: Sandbox;
  readonly containers: readonly StartedContainer[];
}

/** `reason` is what the container's waiting state shows. */
export class ImageError extends Error {
  readonly reason: 'ErrImagePull' | 'ErrImageNeverPull' | 'InvalidImageName';
  constructor(reason: ImageError['reason'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ImageError';
    this.reason = reason;
  }
}

/** `reason` is what the container's state shows: StartError for a command that does not exist (exit code 127 or 128), RunContainerError else. */
export class StartError extends Error {
  readonly reason: 'CreateContainerConfigError' | 'CreateContainerError' | 'RunContainerError' | 'StartError';
  readonly exitCode: number;
  constructor(reason: StartError['reason'], message: string, options: { exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StartError';
    this.reason = reason;
    this.exitCode = options.exitCode ?? 128;
  }
}
