import { randomUUID } from 'node:crypto';
import { mkdir, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@slipway/kube/clock';
import type { ContainerRequest, SandboxRequest } from '../../runtime.ts';
import { StartError } from '../../runtime.ts';
import type { AddressPool } from '../../../network/address-pool.ts';
import { findExecutable } from './executable.ts';
import { FileView } from './file-view.ts';
import { describeSharedNetwork } from './first-port.ts';
import { joinGroups } from './join-groups.ts';
import type { ContainerPlace, IsolatedSandbox, Isolation, Launch, LocalImage, PreparedContainer } from './isolation.ts';
import { mapPath, mapPaths, mapSearchPath, type MappedPaths } from './path-mapping.ts';
import { OutputPipes } from './output-pipes.ts';
import { pastShells } from './shell-names.ts';
import { signalIfRunning } from './signal.ts';
import { tarOptionsOf } from './tar-names.ts';
import { findTool, type Tools } from './tools.ts';
import { containerMark, endMarked, killMarked, Undertaker } from './undertaker.ts';

export interface PlainIsolationOptions {
  readonly clock: Clock;
  readonly dataDirectory: string;
  readonly tools: Tools;
  /** Loopback addresses that no other cluster of this machine uses. */
  readonly addresses: AddressPool;
  readonly nodeAddress: string;
  readonly firstPort?: number | undefined;
  readonly searchPath: string;
  readonly nodeProgram: string;
  /** The cluster's own control groups. */
  readonly groupDirectories: readonly string[];
  /** Makes one directory of an image's layers. */
  readonly mergeLayers: (image: LocalImage) => Promise<string>;
}

/** Containers as ordinary processes: what is left without any rights. */
export class PlainIsolation implements Isolation {
  readonly level = 'plain';
  readonly limitations: readonly string[];
  readonly firstPort: number | undefined;
  readonly pipes: OutputPipes;
  private readonly options: PlainIsolationOptions;
  private readonly programs: string;
  private readonly instance = randomUUID();
  private undertaker: Undertaker | undefined;
  private containers = 0;

  constructor(options: PlainIsolationOptions) {
    this.options = options;
    this.programs = join(options.dataDirectory, 'bin');
    this.pipes = new OutputPipes(join(options.dataDirectory, 'pipes'));
    this.firstPort = options.firstPort;
    this.limitations = limitationsOfPlain(options);
  }

  async start(): Promise<void> {
    this.undertaker = Undertaker.start(this.instance, this.options.groupDirectories);
    await this.pipes.start();
    await mkdir(this.programs, { recursive: true, mode: 0o700 });
    const link = join(this.programs, 'node');
    await unlink(link).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    });
    await symlink(this.options.nodeProgram, link);
  }

  createSandbox(request: SandboxRequest): Promise<IsolatedSandbox> {
    const { addresses, nodeAddress } = this.options;
    const podIP = request.hostNetwork ? nodeAddress : addresses.allocate();
    return Promise.resolve({
      sandbox: { podUid: request.podUid, podIP, hostIP: nodeAddress, environment: { POD_IP: podIP } },
      request,
      remove: () => {
        addresses.release(podIP);
        return Promise.resolve();
      },
    });
  }

  async prepare(request: ContainerRequest, place: ContainerPlace): Promise<PreparedContainer> {
    const { image, groupEntries } = place;
    const { sandbox } = place.sandbox;
    const imageDirectory = image.layers.length === 0 ? undefined : await this.options.mergeLayers(image);
    const paths: MappedPaths = { mounts: request.mounts, imageDirectory, claimsNewPaths: false };
    this.containers += 1;
    const mark = `${this.instance}.${this.containers}`;
    const directory =
      mapPath(request.workingDirectory, paths) ?? (await this.machineDirectory(request, imageDirectory));
    const environment = {
      ...sandbox.environment,
      ...mapEnvironment(request.environment, paths),
      PATH: `${this.programs}:${mapSearchPath(request.environment['PATH'] ?? this.options.searchPath, paths)}`,
      [containerMark]: mark,
    };
    const launch = (command: readonly string[], tty: boolean): Launch => {
      const variables = { ...environment, ...tarOptionsOf(command, paths, environment) };
      return this.launch({ command, paths, environment: variables, directory, groupEntries, tty });
    };
    return {
      launch: launch(request.command, request.tty),
      execLaunch: (_pid, command, options) => launch(command, options?.tty === true),
      kill: (pid) => {
        signalIfRunning(-pid, 'SIGKILL');
        killMarked(mark);
      },
      remove: (pid) => {
        if (pid !== undefined) signalIfRunning(-pid, 'SIGKILL');
        return endMarked(mark, this.options.clock);
      },
    };
  }

  async stop(): Promise<void> {
    await Promise.all([this.undertaker?.stop(), this.pipes.stop()]);
  }

  /** `/` means no wish: it is the image's own top where there is one. Others are made when a mount or the image has them. */
  private async machineDirectory(request: ContainerRequest, imageDirectory: string | undefined): Promise<string> {
    if (request.workingDirectory === '/') {
      return imageDirectory ?? '/';
    }
    const located = new FileView(machineFiles).locate(request.workingDirectory);
    if (located.stats?.isDirectory() === true) {
      return request.workingDirectory;
    }
    if (imageDirectory === undefined) {
      throw new StartError(
        'CreateContainerError',
        `the working directory ${request.workingDirectory} does not exist on this machine, and without root namespaces it cannot be made for the container alone`,
      );
    }
    const directory = join(imageDirectory, request.workingDirectory);
    await mkdir(directory, { recursive: true });
    return directory;
  }

  private launch(container: {
    readonly command: readonly string[];
    readonly paths: MappedPaths;
    readonly environment: Readonly<Record<string, string>>;
    readonly directory: string;
    readonly groupEntries: readonly string[];
    readonly tty: boolean;
  }): Launch {
    const { command, paths, environment, directory, groupEntries, tty } = container;
    const [program = '', ...parameters] = command.map((word) => mapPaths(word, paths));
    const searchPath = environment['PATH'] ?? '';
    const file = findExecutable(new FileView(machineFiles), program, { searchPath, directory });
    const { setpriv, setsid } = this.options.tools;
    const isSessionLeader = tty && setsid !== undefined;
    const words = [
      ...(setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--']),
      ...(isSessionLeader ? [setsid, '--ctty'] : []),
      file,
      ...parameters,
    ];
    const [first = '', ...rest] = joinGroups(groupEntries, [...pastShells(environment, findTool('env', '')), ...words]);
    return { file: first, parameters: rest, environment, directory, reports: false, isSessionLeader };
  }
}

const machineFiles = { mounts: [], layers: [], onMachineRoot: true, hidden: [] };

function mapEnvironment(environment: Readonly<Record<string, string>>, paths: MappedPaths): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, mapPaths(value, paths)]));
}

export function limitationsOfPlain({
  tools,
  firstPort,
}: Pick<PlainIsolationOptions, 'tools' | 'firstPort'>): readonly string[] {
  return [
    describeSharedNetwork(firstPort),
    'Containers see the files of this machine, and containers of one image share its files and what they change there.',
    'Users, groups, capabilities, security profiles, read-only mounts and read-only roots of containers are ignored: everything runs as the user who started the cluster.',
    'Names of services are not looked up for containers, which ask the resolvers of this machine: use the variables of services.',
    'Volumes in memory are on disk.',
    'A program that clears its environment and leaves its session outlives its container and the cluster.',
    ...(tools['setpriv'] === undefined
      ? ['Containers may outlive a killed node for a moment, because "setpriv" (package util-linux) is not installed.']
      : []),
  ];
}
