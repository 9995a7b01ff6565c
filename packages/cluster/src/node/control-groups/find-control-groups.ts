/** Where this machine lets a cluster make control groups. https://docs.kernel.org/admin-guide/cgroup-v2.html */
import { accessSync, constants, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const controllers = ['cpu', 'memory', 'pids'] as const;
export type Controller = (typeof controllers)[number];

export interface GroupLocation {
  readonly version: 1 | 2;
  /** Of the cluster's own group, which need not exist yet. Those of version 2 share one. */
  readonly directory: string;
}

export type GroupLocations = Readonly<Partial<Record<Controller, GroupLocation>>>;

export function directoriesOf(locations: GroupLocations): readonly string[] {
  return [...new Set(Object.values(locations).map(({ directory }) => directory))];
}

export interface GroupMachine {
  /** Contents of /proc/self/mountinfo and /proc/self/cgroup. */
  readonly mountInfo: string;
  readonly membership: string;
  isWritable(path: string): boolean;
  /** Undefined if there is no such file, or none for this user. */
  read(path: string): string | undefined;
}

/** Only where processes of this one may be moved to; a controller that cannot be had is left out. */
export function findControlGroups(name: string, machine: GroupMachine): GroupLocations {
  const own = parseMembership(machine.membership);
  const mounts = parseMounts(machine.mountInfo);
  const unified = findUnified(mounts, { own, machine });
  const locate = (controller: Controller): GroupLocation | undefined => {
    const legacy = findLegacy(controller, { mounts, own, machine });
    if (legacy !== undefined) return { version: 1, directory: join(legacy, name) };
    const isUnified = unified?.controllers.includes(controller) === true;
    return isUnified ? { version: 2, directory: join(unified.directory, name) } : undefined;
  };
  return Object.fromEntries(
    controllers.flatMap((controller) => {
      const location = locate(controller);
      return location === undefined ? [] : [[controller, location] as const];
    }),
  );
}

interface GroupMount {
  readonly version: 1 | 2;
  readonly directory: string;
  /** Which group is mounted there. */
  readonly root: string;
  readonly options: readonly string[];
}

interface Search {
  /** The group of this process by controller; that of version 2 under the empty name. */
  readonly own: ReadonlyMap<string, string>;
  readonly machine: GroupMachine;
}

function findLegacy(
  controller: Controller,
  { mounts, own, machine }: Search & { readonly mounts: readonly GroupMount[] },
): string | undefined {
  const directories = mounts
    .filter(({ version, options }) => version === 1 && options.includes(controller))
    .flatMap((mount) => directoryOf(mount, own.get(controller)) ?? []);
  return directories.find((directory) => machine.isWritable(directory));
}

/**
 * A group of version 2 that has processes cannot have groups with limits below it, unless it is the root of all; so it is
 * the nearest group above this process. To move a process there one must be allowed to write to the group above both.
 */
function findUnified(
  mounts: readonly GroupMount[],
  { own, machine }: Search,
): { readonly directory: string; readonly controllers: readonly string[] } | undefined {
  const mount = mounts.find(({ version }) => version === 2);
  const ownDirectory = mount === undefined ? undefined : directoryOf(mount, own.get(''));
  if (mount === undefined || ownDirectory === undefined) return undefined;
  for (const directory of ancestorsOf(ownDirectory, mount.directory)) {
    const isRoot = machine.read(join(directory, 'cgroup.type')) === undefined;
    if (directory === ownDirectory && !isRoot) continue;
    const offered = words(machine.read(join(directory, 'cgroup.controllers')));
    const isUsable = machine.isWritable(directory) && machine.isWritable(join(directory, 'cgroup.procs'));
    if (isUsable && controllers.some((controller) => offered.includes(controller))) {
      return { directory, controllers: offered };
    }
  }
  return undefined;
}

/** Both included. */
function ancestorsOf(directory: string, top: string): readonly string[] {
  return directory === top ? [directory] : [directory, ...ancestorsOf(dirname(directory), top)];
}

/** Undefined for a group that is not below the one that is mounted. */
function directoryOf({ directory, root }: GroupMount, group: string | undefined): string | undefined {
  if (group === undefined || group.includes('/..')) return undefined;
  if (root === '/') return join(directory, group).replace(/\/$/, '');
  const isBelow = group === root || group.startsWith(`${root}/`);
  return isBelow ? join(directory, group.slice(root.length)).replace(/\/$/, '') : undefined;
}

/** Lines such as `4:cpu,cpuacct:/user.slice` and `0::/user.slice`. */
function parseMembership(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  return new Map(
    lines.flatMap((match) => (match?.[1] ?? '').split(',').map((name) => [name, match?.[2] ?? ''] as const)),
  );
}

/** `31 23 0:28 ROOT DIRECTORY OPTIONS [TAGS] - TYPE SOURCE OPTIONS`; https://man7.org/linux/man-pages/man5/proc.5.html */
function parseMounts(text: string): readonly GroupMount[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', directory = ''] = before.split(' ');
    const [type = '', , options = ''] = after.split(' ');
    if (type !== 'cgroup' && type !== 'cgroup2') return [];
    return [{ version: type === 'cgroup' ? 1 : 2, directory, root, options: options.split(',') }];
  });
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

/** Synchronous: a dozen calls that the kernel answers from memory. */
export function readGroupMachine(): GroupMachine {
  return {
    mountInfo: readIfThere('/proc/self/mountinfo') ?? '',
    membership: readIfThere('/proc/self/cgroup') ?? '',
    isWritable,
    read: readIfThere,
  };
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

const hidden: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'EACCES', 'EOPNOTSUPP'];

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && hidden.includes(error.code)) return undefined;
    throw error;
  }
}
