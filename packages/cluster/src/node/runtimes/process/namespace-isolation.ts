import { mkdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerRequest, SandboxRequest } from '../../runtime.ts';
import type { ClusterNetwork, PodNamespace } from '../../../network/cluster-network.ts';
import { calculateCapabilities } from './capabilities.ts';
import { findExecutable } from './executable.ts';
import { joinGroups } from './join-groups.ts';
import type { ContainerPlace, IsolatedSandbox, Isolation, Launch, LocalImage, PreparedContainer } from './isolation.ts';
import { dialLoopback } from './loopback-dialer.ts';
import { readMachineRoot, type MachineRoot } from './machine-root.ts';
import { MemoryMounts } from './memory-mounts.ts';
import { OutputPipes } from './output-pipes.ts';
import { createContainerRoot, nodeDirectory, type ContainerRoot } from './root-filesystem.ts';
import { runToEnd } from './run-to-end.ts';
import type { SandboxPool } from './sandbox-pool.ts';
import { signalIfRunning } from './signal.ts';
import { requireTool, type Tools } from './tools.ts';
import { resolveUser, type UserIdentity } from './user.ts';

export interface NamespaceIsolationOptions {
  readonly dataDirectory: string;
  readonly tools: Tools;
  readonly network: ClusterNetwork;
  readonly pool: SandboxPool;
  /** Where programs are looked for when an image does not say: PATH of the caller. */
  readonly searchPath: string;
  /** The Node that containers find as `node`. */
  readonly nodeProgram: string;
  readonly ownPid: number;
}

/**
 * Runs in the container's new namespaces. The parent stays outside and waits, for only the parent of the first process
 * learns its exit code (`unshare --fork` loses that of a killed one). The first child is process 1: when it ends, the
 * kernel ends all others. It is no background job: shells let those ignore SIGINT and SIGQUIT, for good. Its pid is what
 * the /proc of this machine says before the container gets its own. It joins its control groups while their files are
 * still to be seen, and after the mounts, which are ours. Whatever goes wrong before the command itself is said
 * on descriptor 3.
 */
const entryScript = `
echo "$1" >/proc/sys/kernel/hostname
exec 4>&1 5>&2 >/dev/null 2>&1
( read -r pid rest </proc/self/stat && echo "pid $pid" >&3 &&
  cd "$2" && "$3" -T fstab -a 2>&3 || exit 125
  mount=$3; shift 3
  while [ "$1" != -- ]; do { echo 0 >"$1"; } 2>&3 || exit 125; shift; done; shift
  cd root && "$mount" --move . / 2>&3 && echo ready >&3 || exit 125
  exec "$@" >&4 2>&5 3>&- 4>&- 5>&- )
exit "$?"
`;

const everyNamespace: readonly string[] = ['--net', '--ipc', '--uts', '--mount', '--pid', '--root'];

interface PodSandbox extends IsolatedSandbox {
  /** The process whose namespaces the pod's containers enter. */
  readonly holderPid: number;
}

/** Containers in namespaces of their own, inside a process that already lives in the cluster's. Needs the rights of root. */
export class NamespaceIsolation implements Isolation {
  readonly level = 'root';
  readonly limitations: readonly string[] = [
    'Profiles of seccomp, AppArmor and SELinux are not applied by the process runtime.',
    'Pods reach each other, services and this machine, but no other machine.',
  ];
  readonly pipes: OutputPipes;
  readonly memoryVolumes: MemoryMounts;
  private readonly options: NamespaceIsolationOptions;
  private readonly directory: string;
  private readonly sandboxes = new Map<string, PodSandbox>();
  private machine: MachineRoot | undefined;
  private roots = 0;

  constructor(options: NamespaceIsolationOptions) {
    this.options = options;
    this.memoryVolumes = new MemoryMounts(options.tools);
    this.directory = join(options.dataDirectory, 'sandboxes');
    this.pipes = new OutputPipes(join(this.directory, 'pipes'));
  }

  /** The tmpfs is seen by this process and its children only, and goes with them. */
  async start(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const mount = requireTool(this.options.tools, 'mount');
    await Promise.all([
      runToEnd(mount, ['-t', 'tmpfs', '-o', 'nodev,mode=0700', 'slipway', this.directory]),
      this.options.network.start(),
    ]);
    await this.pipes.start();
    this.machine = readMachineRoot();
    this.options.pool.fill();
  }

  async createSandbox(request: SandboxRequest): Promise<PodSandbox> {
    const namespace = request.hostNetwork ? this.ownNamespace() : await this.options.pool.take();
    const { nodeAddress } = this.options.network;
    const { nodeProgram, tools } = this.options;
    const dialer = { nsenter: requireTool(tools, 'nsenter'), nodeProgram, holderPid: namespace.holderPid };
    const sandbox = {
      sandbox: { podUid: request.podUid, podIP: namespace.address, hostIP: nodeAddress },
      request,
      holderPid: namespace.holderPid,
      ...(request.hostNetwork ? {} : { dialLoopback: (port: number) => dialLoopback(dialer, port) }),
      remove: async () => {
        this.sandboxes.delete(request.podUid);
        await namespace.remove();
      },
    };
    this.sandboxes.set(request.podUid, sandbox);
    return sandbox;
  }

  async prepare(
    request: ContainerRequest,
    { sandbox, image, groupEntries, processesOf }: ContainerPlace,
  ): Promise<PreparedContainer> {
    const { podUid } = sandbox.sandbox;
    const pod = this.sandboxes.get(podUid);
    if (pod === undefined) {
      throw new Error(`pod ${podUid} has no sandbox`);
    }
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
    await this.options.pool.stop();
    await this.options.network.stop();
    await runToEnd(requireTool(this.options.tools, 'umount'), ['--lazy', this.directory]);
  }

  private ownNamespace(): PodNamespace {
    const { network, ownPid } = this.options;
    return { holderPid: ownPid, address: network.nodeAddress, remove: () => Promise.resolve() };
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
      machine: this.machine ?? readMachineRoot(),
      layers: image.layers,
      onMachineRoot: image.onMachineRoot,
      mounts: request.mounts,
      dataDirectory: this.options.dataDirectory,
      files: {
        '/etc/hosts': formatHosts(pod),
        '/etc/hostname': `${pod.request.hostname}\n`,
        '/etc/resolv.conf': pod.request.resolvConf,
      },
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
  }): PreparedContainer {
    const { directory, request, pod, root, groupEntries, processesOf } = made;
    const user = resolveUser(root.view, request.user);
    const searchPath = `${nodeDirectory}:${request.environment['PATH'] ?? this.options.searchPath}`;
    const environment = { HOSTNAME: pod.request.hostname, HOME: user.home, ...request.environment, PATH: searchPath };
    const locate = (command: readonly string[]): readonly string[] => [
      findExecutable(root.view, command[0] ?? '', { searchPath, directory: root.workingDirectory }),
      ...command.slice(1),
    ];
    const { tty } = request;
    const entry = this.entryCommand({ request, root, user, tty, command: locate(request.command) });
    const nsenter = requireTool(this.options.tools, 'nsenter');
    const launch = ([file = '', ...parameters]: readonly string[], reports: boolean): Launch => ({
      file,
      parameters,
      environment,
      directory: '/',
      reports,
    });
    const mount = requireTool(this.options.tools, 'mount');
    const ownProcesses = processesOf === undefined ? ['--pid'] : [];
    const unshare = [
      requireTool(this.options.tools, 'unshare'),
      '--mount',
      ...ownProcesses,
      '--propagation',
      'unchanged',
    ];
    const script = ['/bin/sh', '-c', entryScript, 'sh', pod.request.hostname, directory, mount, ...groupEntries, '--'];
    const others = processesOf === undefined ? [] : [`--pid=/proc/${processesOf}/ns/pid`];
    const namespaces = [`--target=${pod.holderPid}`, '--net', '--ipc', '--uts', ...others];
    return {
      launch: launch([nsenter, ...namespaces, ...unshare, ...script, ...entry], true),
      execLaunch: (pid, command, options = { tty: false }) =>
        launch(
          joinGroups(groupEntries, [
            nsenter,
            `--target=${pid}`,
            ...everyNamespace,
            `--wd=/proc/${pid}/root${root.workingDirectory}`,
            ...this.identityCommand({ request, root, user, tty: options.tty, command: locate(command) }),
          ]),
          false,
        ),
      kill: (pid) => signalIfRunning(pid, 'SIGKILL'),
      remove: made.remove,
    };
  }

  /** From the moved root, whose mount lies over `/` while the process still sees the machine's own: into it, and to the user. */
  private entryCommand(entry: EntryRequest): readonly string[] {
    const nsenter = requireTool(this.options.tools, 'nsenter');
    return [nsenter, '--root=.', `--wd=.${entry.root.workingDirectory}`, ...this.identityCommand(entry)];
  }

  /**
   * Where the container has `setpriv` (any with the machine's root), it sets user, groups and capabilities there. An image
   * from scratch gets user and group from nsenter and keeps the capabilities.
   */
  private identityCommand({ request, root, user, tty, command: given }: EntryRequest): readonly string[] {
    const command = [...(tty ? this.terminalCommand(root) : []), ...given];
    const setpriv = requireTool(this.options.tools, 'setpriv');
    if (root.view.locate(setpriv).stats === undefined) {
      return [`--setuid=${user.uid}`, `--setgid=${user.gid}`, '--', ...command];
    }
    const capabilities = calculateCapabilities(request.securityContext);
    const bounding =
      capabilities === undefined ? [] : [`--bounding-set=-all${capabilities.map((name) => `,+${name}`).join('')}`];
    const all = [...new Set([...user.groups, ...(request.supplementalGroups ?? [])])];
    const groups = all.length === 0 ? ['--clear-groups'] : [`--groups=${all.join(',')}`];
    const privileges = request.securityContext?.allowPrivilegeEscalation === false ? ['--no-new-privs'] : [];
    return [
      '--',
      setpriv,
      `--reuid=${user.uid}`,
      `--regid=${user.gid}`,
      ...groups,
      ...bounding,
      ...privileges,
      '--',
      ...command,
    ];
  }

  /** Makes its input the terminal of a session of its own, where the container has the program for it: then keys send signals. */
  private terminalCommand({ view }: ContainerRoot): readonly string[] {
    const { setsid } = this.options.tools;
    return setsid === undefined || view.locate(setsid).stats === undefined ? [] : [setsid, '--ctty'];
  }
}

interface EntryRequest {
  readonly tty: boolean;
  readonly request: ContainerRequest;
  readonly root: ContainerRoot;
  readonly user: UserIdentity;
  readonly command: readonly string[];
}

function formatHosts({ sandbox, request }: PodSandbox): string {
  return [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    `${sandbox.podIP}\t${request.hostname}`,
    ...request.hosts,
    '',
  ].join('\n');
}
