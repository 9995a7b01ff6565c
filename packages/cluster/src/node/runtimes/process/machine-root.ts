import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isWithin } from './file-view.ts';

/** What the machine has at the top of its root, which every container starts from. */
export interface MachineRoot {
  readonly directories: readonly string[];
  readonly links: readonly { readonly name: string; readonly target: string }[];
  /** File systems mounted below a top-level directory: an overlay of the directory alone would show them empty. */
  readonly submounts: readonly string[];
  /** All that is mounted. */
  readonly mounts: readonly MachineMount[];
}

export interface MachineMount {
  readonly point: string;
  readonly options: readonly string[];
}

/** Every container gets these anew; nothing of the machine's own shows there. */
export const freshDirectories: readonly string[] = ['dev', 'proc', 'run', 'sys', 'tmp'];

const neverShown = new Set([...freshDirectories, 'lost+found']);

export function readMachineRoot(): MachineRoot {
  const entries = readdirSync('/', { withFileTypes: true }).filter(({ name }) => !neverShown.has(name));
  const directories = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const mounts = parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  return {
    directories,
    links: entries
      .filter((entry) => entry.isSymbolicLink())
      .map(({ name }) => ({ name, target: readlinkSync(`/${name}`) })),
    submounts: findSubmounts(mounts, directories),
    mounts,
  };
}

/** `31 23 0:28 ROOT POINT OPTIONS ...`; https://man7.org/linux/man-pages/man5/proc.5.html */
export function parseMounts(mountInfo: string): readonly MachineMount[] {
  return mountInfo
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, , , , point = '', options = ''] = line.split(' ');
      return { point: decodeMountPoint(point), options: options.split(',') };
    });
}

/** Mount points at least two levels deep, parents first. */
export function findSubmounts(mounts: readonly MachineMount[], directories: readonly string[]): readonly string[] {
  const points = mounts
    .map(({ point }) => point)
    .filter((point) => directories.some((name) => point !== `/${name}` && isWithin(point, `/${name}`)));
  return [...new Set(points)].toSorted();
}

const lockable: readonly string[] = ['nosuid', 'nodev', 'noexec'];

/**
 * What a mount of the path again must say too when it changes anything: in a user namespace the kernel refuses one that
 * would be less strict than the machine's own.
 */
export function keptOptions({ mounts }: Pick<MachineRoot, 'mounts'>, path: string): readonly string[] {
  // The last one of a point lies over the others.
  const [mount] = mounts
    .filter(({ point }) => isWithin(path, point))
    .toReversed()
    .toSorted((one, other) => other.point.length - one.point.length);
  return (mount?.options ?? []).filter((option) => lockable.includes(option));
}

/** The kernel writes a space as `\040`. */
function decodeMountPoint(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
