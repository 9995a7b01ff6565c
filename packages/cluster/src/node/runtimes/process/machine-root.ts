import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isWithin } from './file-view.ts';

/** What the machine has at the top of its root, which every container starts from. */
export interface MachineRoot {
  readonly directories: readonly string[];
  readonly links: readonly { readonly name: string; readonly target: string }[];
  /** File systems mounted below a top-level directory: an overlay of the directory alone would show them empty. */
  readonly submounts: readonly string[];
}

/** Every container gets these anew; nothing of the machine's own shows there. */
export const freshDirectories: readonly string[] = ['dev', 'proc', 'run', 'sys', 'tmp'];

const neverShown = new Set([...freshDirectories, 'lost+found']);

export function readMachineRoot(): MachineRoot {
  const entries = readdirSync('/', { withFileTypes: true }).filter(({ name }) => !neverShown.has(name));
  const directories = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return {
    directories,
    links: entries
      .filter((entry) => entry.isSymbolicLink())
      .map(({ name }) => ({ name, target: readlinkSync(`/${name}`) })),
    submounts: findSubmounts(readFileSync('/proc/self/mountinfo', 'utf8'), directories),
  };
}

/** Mount points at least two levels deep, parents first. */
export function findSubmounts(mountInfo: string, directories: readonly string[]): readonly string[] {
  const points = mountInfo
    .split('\n')
    .map((line) => decodeMountPoint(line.split(' ')[4] ?? ''))
    .filter((point) => directories.some((name) => point !== `/${name}` && isWithin(point, `/${name}`)));
  return [...new Set(points)].toSorted();
}

/** The kernel writes a space as `\040`. */
function decodeMountPoint(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
