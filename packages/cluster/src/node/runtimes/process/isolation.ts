import type { ContainerRequest, ImageInfo, MemoryVolumes, Sandbox, SandboxRequest } from '../../runtime.ts';
import type { Socket } from 'node:net';
import type { GroupAhead } from '../../control-groups/control-groups.ts';
import type { Output, OutputPipes } from './output-pipes.ts';

export const isolationLevels = ['root', 'user', 'plain'] as const;
/**
 * `root`: namespaces and a root filesystem of its own for every container, and a network of the cluster. `user`: the same by
 * a user namespace and without rights, on the network of the machine. `plain`: processes with an address and nothing else.
 */
export type IsolationLevel = (typeof isolationLevels)[number];

/** What the process runtime asks of the level that this machine allows. */
export interface Isolation {
  readonly level: IsolationLevel;
  /** What containers do not get, each a full sentence. */
  readonly limitations: readonly string[];
  start(): Promise<void>;
  createSandbox(request: SandboxRequest): Promise<IsolatedSandbox>;
  /** Makes everything that the container's processes find, and says how to start the first of them. Rejects with a `StartError`. */
  prepare(container: ContainerRequest, place: ContainerPlace): Promise<PreparedContainer>;
  /** The group in which a process of this pod waits to become a container's, if one does: whose it is from now on. */
  takeGroup?(podUid: string): GroupAhead | undefined;
  /** A pod has become ready: what is made ahead of others waits a moment. Absent: nothing is. */
  noteReady?(): void;
  /** Ready once `start` has resolved. */
  readonly pipes: OutputPipes;
  readonly memoryVolumes?: MemoryVolumes | undefined;
  /** Seen by everything that is started here. */
  readonly memoryDirectory?: string | undefined;
  /** The lowest port that programs in containers may listen on. Absent: any. */
  readonly firstPort?: number | undefined;
  stop(): Promise<void>;
}

export interface ContainerPlace {
  readonly sandbox: IsolatedSandbox;
  readonly image: LocalImage;
  /** Files to each of which a process writes `0`, before it becomes one of the container's, to be held to its limits. */
  readonly groupEntries: readonly string[];
  /** Of them, those that are left for a process which has waited in the group of `takeGroup`. */
  readonly groupEntriesLeft: readonly string[];
  /** First process of a container whose processes are to be seen; absent: only its own are. */
  readonly processesOf?: number | undefined;
}

export interface IsolatedSandbox {
  readonly sandbox: Sandbox;
  readonly request: SandboxRequest;
  /** Absent: it shares that of the machine. */
  dialLoopback?(port: number, signal?: AbortSignal): Promise<Socket>;
  remove(): Promise<void>;
}

/** An image that is there. `layers` are directories, the topmost first; none means that the machine's own root is all there is. */
export interface LocalImage {
  readonly info: ImageInfo;
  readonly layers: readonly string[];
  /** Of the same layers, the lowest first, as the store names them. */
  readonly digests: readonly string[];
  /** Whether the machine's own root lies below the layers. */
  readonly onMachineRoot: boolean;
  /** What its program takes for a wish that it ends. */
  readonly stopSignal: string;
}

/** A process to be started. `reports` gives it a pipe as descriptor 3 on which it says how far it has come. */
export interface Launch {
  readonly file: string;
  readonly parameters: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly reports: boolean;
  /** It makes a session of its own itself, to have a terminal in it. */
  readonly isSessionLeader?: boolean | undefined;
}

export interface ExecLaunchOptions {
  /** Its input is a terminal, which is to rule it. */
  readonly tty: boolean;
}

/** A process that has been started ahead and waits to become the first one of a container. */
export interface WaitingProcess {
  readonly output: Output;
  readonly exitCode: Promise<number>;
  /** Resolves with its pid when the command itself is about to run; rejects with a `StartError`. */
  proceed(): Promise<number>;
}

export interface PreparedContainer {
  readonly launch: Launch;
  /** Stands for the launch. */
  readonly waiting?: WaitingProcess | undefined;
  /** To be told of its first process as soon as that runs, where it has to know. */
  started?(pid: number): void;
  /** How a further process is started inside. `pid` is the container's first process. */
  execLaunch(pid: number, command: readonly string[], options?: ExecLaunchOptions): Launch;
  /** Ends every process of the container. */
  kill(pid: number): void;
  /** After the first process has ended: ends what it left behind and removes the container's files. */
  remove(pid: number | undefined): Promise<void>;
}

/** Finds an image by the name that a pod gives. */
export interface ImageSource {
  /** Undefined when there is none of that name. Rejects with an `ImageError` if it is no name. */
  find(image: string): Promise<LocalImage | undefined>;
}
