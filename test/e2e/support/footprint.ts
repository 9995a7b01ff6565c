/** What a cluster has on this machine while it lives, so that a test can ask afterwards what is left of it. */
import { existsSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execute, missing } from './execute.ts';

const namespaceKinds = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'];

interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  /** Clock ticks since boot: tells it from a later one with the same number. */
  readonly startTicks: string;
  readonly command: string;
  readonly environment: string;
  readonly directory: string;
  /** Such as `net:[4026531840]`. */
  readonly namespaces: readonly string[];
}

export interface Footprint {
  readonly directory: string;
  /** Server, helper, and all that descends from them. */
  readonly processes: readonly RunningProcess[];
  /** Those that are not the machine's. */
  readonly namespaces: readonly string[];
  /** The machine's end of the link to the pods. */
  readonly interfaces: readonly string[];
  /** Directories of its control groups. */
  readonly controlGroups: readonly string[];
  /** Inodes of its sockets. */
  readonly sockets: readonly string[];
}

/** Of the running cluster in `directory`. */
export async function takeFootprint(directory: string): Promise<Footprint> {
  const { server, node } = await readState(directory);
  const running = await listProcesses();
  const own = running.find(({ pid }) => pid === process.pid);
  const processes = descendants(running, new Set([server, ...(node === undefined ? [] : [node])]));
  const namespaces = new Set(processes.flatMap((each) => each.namespaces));
  for (const namespace of own?.namespaces ?? []) namespaces.delete(namespace);
  const [interfaces, controlGroups, sockets] = await Promise.all([
    linksTo(directory),
    Promise.all(processes.map(({ pid }) => controlGroupsOf(pid))),
    Promise.all(processes.map(({ pid }) => socketsOf(pid))),
  ]);
  return {
    directory,
    processes,
    namespaces: [...namespaces],
    interfaces,
    controlGroups: controlGroups.flat(),
    sockets: sockets.flat(),
  };
}

/** Of a cluster in `directory` that nobody has looked at while it lived. */
export async function footprintOfFolder(directory: string): Promise<Footprint> {
  return {
    directory,
    processes: [],
    namespaces: [],
    interfaces: await linksTo(directory),
    controlGroups: [],
    sockets: [],
  };
}

/** Numbers of the processes that are the cluster; all others are theirs. */
export async function readState(
  directory: string,
): Promise<{ readonly server: number; readonly node: number | undefined }> {
  const state: { readonly server: { readonly pid: number }; readonly node?: { readonly pid: number } } = JSON.parse(
    await readFile(join(directory, 'run', 'cluster.json'), 'utf8'),
  );
  return { server: state.server.pid, node: state.node?.pid };
}

/** A sentence for each thing that the cluster has left behind. */
export async function listRemains(footprint: Footprint): Promise<readonly string[]> {
  const [running, interfaces, mounts, sockets, rules] = await Promise.all([
    listProcesses(),
    listLinks(),
    readMounts(),
    listSockets(),
    listFirewallRules(footprint.directory),
  ]);
  const inodes = new Set(footprint.sockets);
  return [
    ...processesOf(footprint, running).map(({ pid, command }) => `process ${pid}: ${command.replaceAll('\0', ' ')}`),
    ...footprint.interfaces.filter((name) => interfaces.includes(name)).map((name) => `interface ${name}`),
    ...mounts.filter((mount) => mount.includes(footprint.directory)).map((mount) => `mount ${mount}`),
    ...mounts
      .filter((mount) => footprint.namespaces.some((namespace) => mount.includes(namespace)))
      .map((mount) => `pinned namespace ${mount}`),
    ...sockets
      .filter((line) => line.includes(footprint.directory) || line.split(/\s+/).some((word) => inodes.has(word)))
      .map((line) => `socket ${line}`),
    ...footprint.controlGroups.filter((group) => existsSync(group)).map((group) => `control group ${group}`),
    ...rules.map((rule) => `firewall rule ${rule}`),
  ];
}

function processesOf(footprint: Footprint, running: readonly RunningProcess[]): readonly RunningProcess[] {
  const namespaces = new Set(footprint.namespaces);
  const isIn = (each: RunningProcess): boolean => each.namespaces.some((namespace) => namespaces.has(namespace));
  const isKnown = (each: RunningProcess): boolean =>
    footprint.processes.some(({ pid, startTicks }) => pid === each.pid && startTicks === each.startTicks);
  const isNamed = ({ command, environment, directory }: RunningProcess): boolean =>
    [command, environment, directory].some((text) => text.includes(footprint.directory));
  const byPid = new Map(running.map((each) => [each.pid, each]));
  const runner = new Set(lineOf(process.pid, byPid).map(({ pid }) => pid));
  // The kernel gives the number of a namespace that is gone to the next one: what is in such a one descends from another
  // cluster, while what is left of this one has lost its parents.
  const isStranger = (each: RunningProcess): boolean =>
    lineOf(each.pid, byPid).some((ancestor) => !isIn(ancestor) && !isKnown(ancestor) && !runner.has(ancestor.pid));
  return running.filter((each) => isKnown(each) || isNamed(each) || (isIn(each) && !isStranger(each)));
}

/** A process, its parent, and so on to the first of the machine. */
function lineOf(pid: number, byPid: ReadonlyMap<number, RunningProcess>): readonly RunningProcess[] {
  const line: RunningProcess[] = [];
  for (let each = byPid.get(pid); each !== undefined && !line.includes(each); each = byPid.get(each.parent)) {
    line.push(each);
  }
  return line;
}

function descendants(running: readonly RunningProcess[], roots: ReadonlySet<number>): readonly RunningProcess[] {
  const found = new Set(roots);
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const { pid, parent } of running) if (found.has(parent)) found.add(pid);
  }
  return running.filter(({ pid }) => found.has(pid));
}

/** Those that are ours have our name; a directory of the machine may be mounted anywhere. */
async function controlGroupsOf(pid: number): Promise<readonly string[]> {
  const groups = (await readOrEmpty(`/proc/${pid}/cgroup`))
    .split('\n')
    .flatMap((line) => /^\d+:([^:]*):(.*\/slipway-[^/]*)/.exec(line)?.slice(1).join('') ?? []);
  return groups.map((group) => join('/sys/fs/cgroup', group));
}

async function listProcesses(): Promise<readonly RunningProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  return (await Promise.all(pids.map(readProcess))).filter((each) => each !== undefined);
}

/** Undefined when it has ended meanwhile, or is ending and holds no memory any more, or only waits to be reaped. */
async function readProcess(pid: number): Promise<RunningProcess | undefined> {
  const stat = await readOrEmpty(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (stat === '' || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const [command, environment, directory, ...namespaces] = await Promise.all([
    readOrEmpty(`/proc/${pid}/cmdline`),
    readOrEmpty(`/proc/${pid}/environ`),
    linkOrEmpty(`/proc/${pid}/cwd`),
    ...namespaceKinds.map((kind) => linkOrEmpty(`/proc/${pid}/ns/${kind}`)),
  ]);
  if (command === '') return undefined;
  return {
    pid,
    parent: Number(fields[1]),
    startTicks: fields[19] ?? '',
    command,
    environment,
    directory,
    namespaces: namespaces.filter((name) => name !== ''),
  };
}

async function linksTo(directory: string): Promise<readonly string[]> {
  const block = await readBlock(directory);
  if (block === undefined) return [];
  const { stdout } = await execute('ip', ['-4', 'route', 'show', block]);
  return [...stdout.matchAll(/ dev (\S+)/g)].flatMap(([, name]) => name ?? []);
}

/** The addresses of the pods of a cluster of root, such as `10.30.0.0/16`. */
async function readBlock(directory: string): Promise<string | undefined> {
  const saved = await readOrEmpty(join(directory, 'network-root.json'));
  if (saved === '') return undefined;
  const { block }: { readonly block: string } = JSON.parse(saved);
  return block;
}

async function listFirewallRules(directory: string): Promise<readonly string[]> {
  const block = await readBlock(directory);
  if (block === undefined) return [];
  const prefix = ` ${block.split('.').slice(0, 2).join('.')}.`;
  const listings = await Promise.all(
    ['nft list ruleset', 'iptables-save'].map(async (command) => {
      const [program = ''] = command.split(' ');
      return (await missing(program)) === undefined ? execute('sh', ['-c', command]) : undefined;
    }),
  );
  return listings.flatMap((listing) => listing?.stdout.split('\n') ?? []).filter((rule) => rule.includes(prefix));
}

async function socketsOf(pid: number): Promise<readonly string[]> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(emptyListIfGone);
  const targets = await Promise.all(descriptors.map((fd) => linkOrEmpty(`/proc/${pid}/fd/${fd}`)));
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
}

/** The lines of the kernel's tables of the sockets on which something may listen. */
async function listSockets(): Promise<readonly string[]> {
  const tables = ['unix', 'tcp', 'tcp6', 'udp'].map((name) => readOrEmpty(`/proc/net/${name}`));
  return (await Promise.all(tables)).flatMap((table) => table.split('\n'));
}

async function listLinks(): Promise<readonly string[]> {
  return (await readdir('/sys/class/net')).toSorted();
}

async function readMounts(): Promise<readonly string[]> {
  return (await readOrEmpty('/proc/self/mountinfo')).split('\n');
}

/** Processes end while they are looked at, and those of others are closed to an ordinary user. */
async function readOrEmpty(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(emptyIfGone);
}

async function linkOrEmpty(file: string): Promise<string> {
  return readlink(file).catch(emptyIfGone);
}

function emptyIfGone(error: NodeJS.ErrnoException): string {
  if (isGoneOrClosed(error)) return '';
  throw error;
}

function emptyListIfGone(error: NodeJS.ErrnoException): string[] {
  if (isGoneOrClosed(error)) return [];
  throw error;
}

function isGoneOrClosed({ code }: NodeJS.ErrnoException): boolean {
  return code !== undefined && ['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'EINVAL'].includes(code);
}
