import { mkdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@slipway/kube/logger';
import type { ContainerRequest, SandboxRequest } from '../../runtime.ts';
import type { PodNamespace } from '../../../network/cluster-network.ts';
import type { ControlGroups, GroupAhead } from '../../control-groups/control-groups.ts';
import { entryScript, writeVariables } from './entry-script.ts';
import { findExecutable } from './executable.ts';
import { joinGroups } from './join-groups.ts';
import type { ContainerPlace, IsolatedSandbox, Isolation, Launch, LocalImage, PreparedContainer } from './isolation.ts';
import { mountContent } from './content-mount.ts';
import { createLoopbackDialer } from './loopback-dialer.ts';
import { readMachineRoot, type MachineRoot } from './machine-root.ts';
import { MemoryMounts } from './memory-mounts.ts';
import type { NamespaceRights } from './namespace-rights.ts';
import { OutputPipes } from './output-pipes.ts';
import { killMembers, mountNamespaceOf } from './namespace-members.ts';
import { nodeDirectory } from './fresh-directories.ts';
import { createContainerRoot, RootAhead, type ContainerRoot } from './root-filesystem.ts';
import { runToEnd } from './run-to-end.ts';
import { shareProcesses, type SharedProcesses } from './shared-processes.ts';
import type { SandboxPool } from './sandbox-pool.ts';
import { canExport, type FoundEnv, planVariables } from './shell-names.ts';
import { signalIfRunning } from './signal.ts';
import { findTool, requireTool, type Tools } from './tools.ts';
import { resolveUser } from './user.ts';
import { WaitingContainers } from './waiting-containers.ts';

export interface NamespaceIsolationOptions {
  readonly dataDirectory: string;
  readonly tools: Tools;
  readonly rights: NamespaceRights;
  readonly network: PodNetwork;
  readonly pool: SandboxPool;
  /** Started beside this. */
  readonly groups: Pick<ControlGroups, 'createAhead'>;
  /** Where programs are looked for when an image does not say: PATH of the caller. */
  readonly searchPath: string;
  /** The Node that containers find as `node`. */
  readonly nodeProgram: string;
  readonly ownPid: number;
  readonly logger: Logger;
}

/** Where pods get their addresses, and a namespace for what their containers share. */
export interface PodNetwork {
  readonly nodeAddress: string;
  /** What programs of a pod must know of their address. */
  environmentOf?(address: string): Readonly<Record<string, string>>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const dialLimitMilliseconds = 10_000;

interface PodSandbox extends IsolatedSandbox {
  /** The process whose namespaces the pod's containers enter. */
  readonly holderPid: number;
  /** Of the first process of those that its containers have in common. */
  readonly sharedPid: number | undefined;
}

interface Described extends PreparedContainer {
  /** The last words of the launch: its user, and the command. */
  readonly first: readonly string[];
}

/**
 * Containers in namespaces of their own, inside a process that already lives in the cluster's and has the rights of root
 * there.
 */
export class NamespaceIsolation implements Isolation {
  readonly level: NamespaceRights['level'];
  readonly limitations: readonly string[];
  readonly firstPort: number | undefined;
  readonly pipes: OutputPipes;
  readonly memoryVolumes: MemoryMounts;
  readonly memoryDirectory: string;
  private readonly options: NamespaceIsolationOptions;
  private readonly directory: string;
  private readonly sandboxes = new Map<string, PodSandbox>();
  private readonly waiting: WaitingContainers | undefined;
  private machine: MachineRoot | undefined;
  private roots = 0;

  constructor(options: NamespaceIsolationOptions) {
    this.options = options;
    this.level = options.rights.level;
    this.limitations = options.rights.limitations;
    this.firstPort = options.rights.firstPort;
    this.memoryVolumes = new MemoryMounts(options.tools);
    this.directory = join(options.dataDirectory, 'sandboxes');
    this.memoryDirectory = join(this.directory, 'files');
    this.pipes = new OutputPipes(join(this.directory, 'pipes'));
    this.waiting = this.createWaiting();
  }

  /** The tmpfs is seen by this process and its children only, and goes with them. */
  async start(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    // Before there is a mount of ours.
    this.machine = readMachineRoot();
    const mount = requireTool(this.options.tools, 'mount');
    await Promise.all([this.mountMemory(mount), this.options.network.start()]);
    await this.pipes.start();
    const { waiting } = this;
    this.options.pool.start(waiting === undefined ? undefined : (namespace) => waiting.add(namespace));
  }

  private async mountMemory(mount: string): Promise<void> {
    await runToEnd(mount, ['-n', '-t', 'tmpfs', '-o', 'nodev,mode=0700', 'slipway', this.directory]);
    await mkdir(this.memoryDirectory);
    await mountContent(this.memoryDirectory, (parameters) => runToEnd(mount, parameters));
  }

  async createSandbox(request: SandboxRequest): Promise<PodSandbox> {
    const namespace = request.hostNetwork ? this.ownNamespace() : await this.options.pool.take();
    const shared = await this.sharedBy(request, namespace);
    const { network, nodeProgram, rights, tools } = this.options;
    const { address, holderPid } = namespace;
    const environment = network.environmentOf?.(address);
    const nsenter = requireTool(tools, 'nsenter');
    const dialer = { nsenter, nodeProgram, holderPid, limitMilliseconds: dialLimitMilliseconds };
    const hasOwnNetwork = rights.shared.includes('--net') && !request.hostNetwork;
    const sandbox = {
      sandbox: {
        podUid: request.podUid,
        podIP: address,
        hostIP: network.nodeAddress,
        ...(environment === undefined ? {} : { environment }),
      },
      request,
      holderPid,
      sharedPid: shared?.pid,
      ...(hasOwnNetwork ? { dialLoopback: createLoopbackDialer(dialer) } : {}),
      remove: async () => {
        this.sandboxes.delete(request.podUid);
        await shared?.remove();
        await this.waiting?.drop(holderPid);
        await namespace.remove();
      },
    };
    this.sandboxes.set(request.podUid, sandbox);
    return sandbox;
  }

  takeGroup(podUid: string): GroupAhead | undefined {
    const pod = this.sandboxes.get(podUid);
    return pod === undefined ? undefined : this.waiting?.takeGroup(pod.holderPid);
  }

  noteReady(): void {
    this.options.pool.noteActivity();
  }

  async prepare(request: ContainerRequest, place: ContainerPlace): Promise<PreparedContainer> {
    const { image, groupEntries } = place;
    const { podUid } = place.sandbox.sandbox;
    const pod = this.sandboxes.get(podUid);
    if (pod === undefined) {
      throw new Error(`pod ${podUid} has no sandbox`);
    }
    // The first of the pod.
    if (this.waiting?.find(pod.holderPid) !== undefined) this.options.pool.noteActivity();
    const processesOf = place.processesOf ?? pod.sharedPid;
    const ahead = this.takeWaiting(request, { ...place, processesOf, pod });
    if (ahead !== undefined) return ahead;
    this.dropWaiting(pod);
    this.roots += 1;
    const directory = join(this.directory, String(this.roots));
    const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
    try {
      mkdirSync(directory);
      const root = this.createRoot({ directory, request, pod, image });
      return this.describe({ directory, request, pod, root, groupEntries, processesOf, remove });
    } catch (error) {
      await remove();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.pipes.stop();
    await this.waiting?.stop();
    await this.options.pool.stop();
    await this.options.network.stop();
    await runToEnd(requireTool(this.options.tools, 'umount'), ['-n', '--lazy', this.directory]);
  }

  /** The one that waits in the pod's namespaces, if it is of this kind. */
  private takeWaiting(
    request: ContainerRequest,
    { pod, image, groupEntries, groupEntriesLeft, processesOf }: ContainerPlace & { readonly pod: PodSandbox },
  ): PreparedContainer | undefined {
    const found = this.waiting?.find(pod.holderPid);
    const isOfMachine = image.layers.length === 0 && image.onMachineRoot && processesOf === undefined;
    if (found === undefined || !isOfMachine || !this.isOrdinary(request)) return undefined;
    const completed = found.root.complete(request);
    if (completed === undefined) return undefined;
    const { directory } = found;
    const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
    const described = this.describe({
      directory,
      request,
      pod,
      root: completed.root,
      groupEntries,
      processesOf,
      remove,
    });
    const { environment } = described.launch;
    const asked = described.first.slice(0, -request.command.length);
    if (asked.join('\n') !== found.rights.join('\n')) return undefined;
    this.waiting?.take(pod.holderPid);
    const waiting = found.process({
      hostname: pod.request.hostname,
      table: completed.table,
      groupEntries: groupEntriesLeft,
      files: filesOf(pod),
      environment,
      workingDirectory: completed.root.workingDirectory,
      command: described.first.slice(-request.command.length),
    });
    return { ...described, waiting };
  }

  /** Where one container of a pod cannot be it, the others seldom can: it would be there as long as the pod. */
  private dropWaiting({ holderPid }: PodSandbox): void {
    this.waiting
      ?.drop(holderPid)
      .catch((error: unknown) => this.options.logger.warn('a container made ahead could not be removed', { error }));
  }

  /** Asks for nothing that must be there from the beginning. */
  private isOrdinary({ tty, stdin, securityContext, mounts, environment }: ContainerRequest): boolean {
    if (tty || stdin === true || !canExport(environment)) return false;
    if (securityContext?.privileged === true || securityContext?.readOnlyRootFilesystem === true) return false;
    // A mount namespace does not see what has been mounted in its parent since.
    return !mounts.some(({ hostPath }) => this.memoryVolumes.holds(hostPath));
  }

  private ownNamespace(): PodNamespace {
    const { network, ownPid } = this.options;
    return { holderPid: ownPid, address: network.nodeAddress, remove: () => Promise.resolve() };
  }

  private async sharedBy(
    { sharesProcesses }: SandboxRequest,
    namespace: PodNamespace,
  ): Promise<SharedProcesses | undefined> {
    if (sharesProcesses !== true) return undefined;
    try {
      return await shareProcesses(requireTool(this.options.tools, 'unshare'), join(this.directory, 'bin'));
    } catch (error) {
      await namespace.remove();
      throw error;
    }
  }

  private createWaiting(): WaitingContainers | undefined {
    const { dataDirectory, groups, logger, nodeProgram, rights, tools } = this.options;
    if (rights.level !== 'root') return undefined;
    const programs = {
      mount: requireTool(tools, 'mount'),
      nsenter: requireTool(tools, 'nsenter'),
      unshare: requireTool(tools, 'unshare'),
    };
    return new WaitingContainers({
      directory: this.directory,
      pipes: this.pipes,
      createGroup: () => groups.createAhead(),
      logger,
      programs,
      shared: rights.shared,
      makeRoot: (directory) =>
        new RootAhead({
          directory,
          rights: this.level,
          machine: this.machine ?? readMachineRoot(),
          layers: [],
          onMachineRoot: true,
          dataDirectory,
          files: { '/etc/hosts': '', '/etc/hostname': '', '/etc/resolv.conf': '' },
          nodeProgram,
          privileged: false,
          readOnly: false,
        }),
      become: ({ root }, command) =>
        rights.become({
          root,
          user: resolveUser(root.view, ''),
          tty: false,
          command,
          request: { securityContext: undefined },
        }),
    });
  }

  private createRoot(container: {
    readonly directory: string;
    readonly request: ContainerRequest;
    readonly pod: PodSandbox;
    readonly image: LocalImage;
  }): ContainerRoot {
    const { directory, request, pod, image } = container;
    return createContainerRoot({
      directory,
      rights: this.level,
      machine: this.machine ?? readMachineRoot(),
      layers: image.layers,
      onMachineRoot: image.onMachineRoot,
      mounts: request.mounts,
      dataDirectory: this.options.dataDirectory,
      files: filesOf(pod),
      workingDirectory: request.workingDirectory,
      nodeProgram: this.options.nodeProgram,
      privileged: request.securityContext?.privileged === true,
      readOnly: request.securityContext?.readOnlyRootFilesystem === true,
    });
  }

  private describe(made: {
    readonly directory: string;
    readonly request: ContainerRequest;
    readonly pod: PodSandbox;
    readonly root: ContainerRoot;
    readonly groupEntries: readonly string[];
    readonly processesOf: number | undefined;
    readonly remove: () => Promise<void>;
  }): Described {
    const { request, pod, root, groupEntries } = made;
    const user = resolveUser(root.view, request.user);
    const searchPath = `${nodeDirectory}:${request.environment['PATH'] ?? this.options.searchPath}`;
    const environment = { HOSTNAME: pod.request.hostname, HOME: user.home, ...request.environment, PATH: searchPath };
    const locate = (command: readonly string[]): readonly string[] => [
      findExecutable(root.view, command[0] ?? '', { searchPath, directory: root.workingDirectory }),
      ...command.slice(1),
    ];
    const { tools, rights } = this.options;
    const nsenter = requireTool(tools, 'nsenter');
    const { seen, before, inside } = planVariables(environment, () => findEnv(root));
    const become = (tty: boolean, command: readonly string[]): readonly string[] =>
      rights.become({ request, root, user, tty, command });
    const command = locate(request.command);
    const isPlain = before.length + inside.length === 0;
    if (!isPlain) writeVariables(made.directory, { before, command: [...inside, ...command] });
    const first = become(request.tty, isPlain ? command : []);
    const launch = ([file = '', ...parameters]: readonly string[], reports: boolean): Launch => ({
      file,
      parameters,
      environment: seen,
      directory: '/',
      reports,
    });
    return {
      first,
      launch: launch([...this.enterNew(pod, made), ...first], true),
      execLaunch: (pid, asked, { tty } = { tty: false }) => {
        const target = [`--target=${pid}`, ...rights.shared, '--mount', '--pid', '--root'];
        const where = `--wd=/proc/${pid}/root${root.workingDirectory}`;
        const words = become(tty, [...inside, ...locate(asked)]);
        return launch(joinGroups(groupEntries, [...before, nsenter, ...target, where, ...words]), false);
      },
      ...endOf(made),
    };
  }

  /** From the moved root, whose mount lies over `/` while the process still sees the machine's own: into it, and to the user. */
  private enterNew(
    { holderPid, request: { hostname, hostNetwork } }: PodSandbox,
    container: {
      readonly directory: string;
      readonly root: ContainerRoot;
      readonly groupEntries: readonly string[];
      readonly processesOf: number | undefined;
    },
  ): readonly string[] {
    const { tools, rights } = this.options;
    const [mount, nsenter] = [requireTool(tools, 'mount'), requireTool(tools, 'nsenter')];
    const { directory, root, groupEntries, processesOf } = container;
    const [ownProcesses, others] =
      processesOf === undefined ? [['--pid'], []] : [[], ['--no-fork', `--pid=/proc/${processesOf}/ns/pid`]];
    // Root writes it to a file, which belongs to the machine's root alone. The hostname of the machine is not a pod's to set.
    const setter = rights.level === 'user' ? (tools['hostname'] ?? '') : '';
    const name = hostNetwork ? ['', ''] : [hostname, setter];
    const given = [...name, directory, mount];
    return [
      ...[nsenter, `--target=${holderPid}`, ...rights.shared, ...others],
      ...[requireTool(tools, 'unshare'), '--mount', ...ownProcesses, '--propagation', 'unchanged'],
      ...['/bin/sh', '-c', entryScript, 'sh', ...given, ...groupEntries, '--'],
      ...[nsenter, '--root=.', `--wd=.${root.workingDirectory}`],
    ];
  }
}

function findEnv({ view }: ContainerRoot): FoundEnv {
  const env = findTool('env', '');
  return { env, isInside: env !== undefined && view.locate(env).stats !== undefined };
}

type End = Pick<PreparedContainer, 'started' | 'kill' | 'remove'>;

/** With process 1 the kernel ends all others. One that shares the processes of another container has no process 1 of its own. */
function endOf({
  processesOf,
  remove,
}: {
  readonly processesOf: number | undefined;
  readonly remove: () => Promise<void>;
}): End {
  if (processesOf === undefined) return { kill: (pid) => signalIfRunning(pid, 'SIGKILL'), remove };
  let namespace: string | undefined;
  const kill = (): void => {
    if (namespace !== undefined) killMembers(namespace);
  };
  return {
    started: (pid) => {
      namespace = mountNamespaceOf(pid);
    },
    kill,
    remove: () => {
      kill();
      return remove();
    },
  };
}

function filesOf(pod: PodSandbox): Readonly<Record<string, string>> {
  return {
    '/etc/hosts': formatHosts(pod),
    '/etc/hostname': `${pod.request.hostname}\n`,
    '/etc/resolv.conf': pod.request.resolvConf,
  };
}

function formatHosts({ sandbox, request }: PodSandbox): string {
  return [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    [sandbox.podIP, ...(request.hostNames ?? [request.hostname])].join('\t'),
    ...request.hosts,
    '',
  ].join('\n');
}
