/**
 * Containers made ahead, one in each namespace that is kept ready: root, namespaces and rights of the kind that most have.
 * Only a few writes and one `mount` for the volumes are left for when a pod comes.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@slipway/kube/logger';
import type { GroupAhead } from '../../control-groups/control-groups.ts';
import type { PodNamespace } from '../../../network/cluster-network.ts';
import { endOf, Report } from './contained-process.ts';
import type { WaitingProcess } from './isolation.ts';
import { writersOf, type Output, type OutputPipes } from './output-pipes.ts';
import type { RootAhead } from './root-filesystem.ts';
import { runToEnd } from './run-to-end.ts';
import { quote } from './shell-names.ts';
import { signalIfRunning } from './signal.ts';

export interface WaitingContainersOptions {
  /** On a tmpfs, with one directory for each. */
  readonly directory: string;
  readonly pipes: OutputPipes;
  /** Their absolute paths. */
  readonly programs: Readonly<Record<'mount' | 'nsenter' | 'unshare', string>>;
  /** What the containers of a pod share, as flags of `nsenter`. */
  readonly shared: readonly string[];
  readonly makeRoot: (directory: string) => RootAhead;
  /** The last words of an `nsenter` into the root, for a container that asks for nothing of its own. */
  readonly become: (root: RootAhead, command: readonly string[]) => readonly string[];
  readonly createGroup: () => Promise<GroupAhead>;
  readonly logger: Logger;
}

/** What a container is told that has waited. */
export interface Orders {
  readonly hostname: string;
  /** What is still to be mounted. */
  readonly table: string;
  /** Beside those of the group that it is in: to each of which the number of its process is written. */
  readonly groupEntries: readonly string[];
  /** By path. */
  readonly files: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly command: readonly string[];
}

export interface WaitingContainer {
  readonly directory: string;
  readonly root: RootAhead;
  /** Words of `nsenter` that give it user and rights. */
  readonly rights: readonly string[];
  process(orders: Orders): WaitingProcess;
}

/**
 * Three processes. The last one is the container's first, at its end already, and becomes its command as soon as it may
 * read what that is. Its parent stays outside and waits, as with every container. The one beside them stays in the
 * namespaces that have the rights and see the machine: it does what the first may no longer do, and ends.
 */
const script = `
exec 4>&1 5>&2 6<>go 7<orders >/dev/null 2>&1
(
  exec 4>&- 5>&- 7<&-
  IFS= read -r pid <&3 && IFS= read -r name <&3 || exit
  {
    echo "$name" >/proc/sys/kernel/hostname
    here=$PWD
    cd -P "/proc/$pid/cwd" && { [ ! -s "$here/table" ] || "$1" -n -c -T "$here/table" -a; }
  } 2>&3 || { kill -KILL "$pid"; exit; }
  while IFS= read -r entry <&3 && [ -n "$entry" ]; do
    { echo "$pid" >"$entry"; } 2>&3 || { kill -KILL "$pid"; exit; }
  done
  echo go >&6
) &
mount=$1 unshare=$2; shift 2
exec "$unshare" --pid /bin/sh -c '
( read -r pid rest </proc/self/stat && echo "pid $pid" >&3 || exit 125
  "$1" -n -T fstab -a 2>&3 && cd root && "$1" -n --move . / 2>&3 && echo waiting >&3 || exit 125
  shift
  exec "$@" >&4 2>&5 4>&- 5>&- )
exit "$?"
' sh "$mount" "$@"
`;

/** In the container's root: nothing of the machine is in reach any more but what it is told. */
const waiter = 'read -r go <&6 && . /proc/self/fd/7';

interface Made {
  readonly container: WaitingContainer;
  readonly child: ChildProcess;
  readonly exitCode: Promise<number>;
  /** Until it is somebody's. */
  group: GroupAhead | undefined;
}

export class WaitingContainers {
  private readonly options: WaitingContainersOptions;
  /** By the process that holds their namespace. */
  private readonly byHolder = new Map<number, Made>();
  private readonly making = new Map<number, Promise<void>>();
  private readonly dropping = new Map<number, Promise<void>>();
  private made = 0;
  private isStopped = false;

  constructor(options: WaitingContainersOptions) {
    this.options = options;
  }

  /** Makes the one of a namespace. Never rejects: a pod that finds none does without. */
  async add({ holderPid }: PodNamespace): Promise<void> {
    if (this.isStopped) return;
    const making = this.make(holderPid).catch((error: unknown) =>
      this.options.logger.warn('no container could be made ahead of its pod', { error }),
    );
    this.making.set(holderPid, making);
    await making;
    this.making.delete(holderPid);
  }

  /** Who uses it takes it. */
  find(holderPid: number): WaitingContainer | undefined {
    return this.byHolder.get(holderPid)?.container;
  }

  /** Whose it is removes it from now on. */
  takeGroup(holderPid: number): GroupAhead | undefined {
    const found = this.byHolder.get(holderPid);
    const group = found?.group;
    if (found !== undefined) found.group = undefined;
    return group;
  }

  take(holderPid: number): void {
    this.byHolder.delete(holderPid);
  }

  /** Before its namespace goes, or when no container of its pod can be it. */
  drop(holderPid: number): Promise<void> {
    const dropping = this.dropping.get(holderPid) ?? this.end(holderPid).finally(() => this.dropping.delete(holderPid));
    this.dropping.set(holderPid, dropping);
    return dropping;
  }

  /** Before any namespace goes: none is made from now on. */
  async stop(): Promise<void> {
    this.isStopped = true;
    const holders = [this.making, this.byHolder, this.dropping].flatMap((map) => [...map.keys()]);
    await Promise.all(holders.map((holderPid) => this.drop(holderPid)));
  }

  private async end(holderPid: number): Promise<void> {
    await this.making.get(holderPid);
    const found = this.byHolder.get(holderPid);
    if (found === undefined) return;
    this.byHolder.delete(holderPid);
    killGroup(found.child);
    await found.exitCode;
    await this.clearAway(found.container.directory, found.group);
  }

  /** A group that a process is slow to leave is cleared away with all groups: namespaces and mounts do not wait for it. */
  private async clearAway(directory: string, group: GroupAhead | undefined): Promise<void> {
    await this.removeGroup(group);
    await rm(directory, { recursive: true, force: true });
  }

  private async removeGroup(group: GroupAhead | undefined): Promise<void> {
    try {
      await group?.remove();
    } catch (error) {
      this.options.logger.warn('a control group made ahead could not be removed', { error });
    }
  }

  private async make(holderPid: number): Promise<void> {
    this.made += 1;
    const directory = join(this.options.directory, `ahead-${this.made}`);
    const group = await this.options.createGroup();
    try {
      await this.makeIn(directory, holderPid, group);
    } catch (error) {
      await this.clearAway(directory, group);
      throw error;
    }
  }

  private async makeIn(directory: string, holderPid: number, group: GroupAhead): Promise<void> {
    const { pipes, makeRoot } = this.options;
    mkdirSync(directory);
    const root = makeRoot(directory);
    writeFileSync(join(directory, 'orders'), '', { mode: 0o600 });
    await runToEnd('mkfifo', ['-m', '0600', '--', join(directory, 'go')]);
    const output = await pipes.take();
    const waiting = ['/bin/sh', '-c', waiter];
    const become = this.options.become(root, waiting);
    const child = this.start(directory, { become, holderPid, output });
    const exitCode = endOf(child);
    const report = new Report(child);
    child.stdio[3]?.on('error', () => {
      // The process has ended; its report ends too, and says so.
    });
    // Who stands beside it would wait for ever, and hold its descriptor open.
    const clear = (): void => killGroup(child);
    exitCode.then(clear, clear);
    try {
      const pid = await report.until('waiting');
      // Takes the kernel milliseconds, which nobody waits for yet.
      for (const entry of group.entries) await writeFile(entry, String(pid));
    } catch (error) {
      // It would wait for orders that nobody gives.
      clear();
      await Promise.allSettled([exitCode]);
      throw error;
    }
    const container: WaitingContainer = {
      directory,
      root,
      rights: become.slice(0, -waiting.length),
      process: (orders) => ({ output, exitCode, proceed: () => proceed({ directory, child, report }, orders) }),
    };
    this.byHolder.set(holderPid, { container, child, exitCode, group });
    const forget = (): void => this.forget(holderPid, child);
    exitCode.then(forget, forget);
  }

  /** It has ended before anybody wanted it. */
  private forget(holderPid: number, child: ChildProcess): void {
    const found = this.byHolder.get(holderPid);
    if (found?.child !== child) return;
    this.byHolder.delete(holderPid);
    void this.removeGroup(found.group);
  }

  private start(
    directory: string,
    {
      become,
      holderPid,
      output,
    }: { readonly become: readonly string[]; readonly holderPid: number; readonly output: Output },
  ): ChildProcess {
    const { programs, shared } = this.options;
    const { mount, nsenter, unshare } = programs;
    const streams = writersOf(output);
    const within = [nsenter, '--root=.', '--wd=.', ...become];
    const entered = [`--target=${holderPid}`, ...shared, unshare, '--mount', '--propagation', 'unchanged'];
    try {
      return spawn(nsenter, [...entered, '/bin/sh', '-c', script, 'sh', mount, unshare, ...within], {
        cwd: directory,
        env: {},
        detached: true,
        stdio: ['ignore', streams.stdout, streams.stderr, 'pipe'],
      });
    } finally {
      streams.close();
    }
  }
}

function proceed(
  { directory, child, report }: { readonly directory: string; readonly child: ChildProcess; readonly report: Report },
  orders: Orders,
): Promise<number> {
  writeFileSync(join(directory, 'table'), orders.table);
  writeFileSync(join(directory, 'orders'), formatOrders(orders));
  const input = child.stdio[3];
  if (input !== null && input !== undefined && 'write' in input)
    input.write([report.pid, orders.hostname, ...orders.groupEntries, '', ''].join('\n'));
  return report.until('ready');
}

function formatOrders({ files, environment, workingDirectory, command }: Orders): string {
  return [
    ...Object.entries(files).map(([path, content]) => `printf %s ${quote(content)} >${quote(path)}`),
    ...Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`),
    `cd ${quote(workingDirectory)} || exit 125`,
    'unset PWD OLDPWD',
    'echo ready >&3',
    `exec ${command.map(quote).join(' ')} 3>&- 6>&- 7<&-`,
    '',
  ].join('\n');
}

function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) signalIfRunning(-pid, 'SIGKILL');
}
