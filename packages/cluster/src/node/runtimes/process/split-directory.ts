import { accessSync, constants, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isWhiteout, isWithin } from './file-view.ts';
import type { MachineRoot } from './machine-root.ts';
import { lookAt } from './visible.ts';

/** A part of a directory, by the path that it has in a container. */
export type Piece =
  /** One that is made, for the pieces in it. */
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  /** Nothing is mounted below it. */
  | { readonly kind: 'tree'; readonly path: string }
  /** Where the machine has another file system. */
  | { readonly kind: 'mount'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'file'; readonly path: string; readonly hostPath: string; readonly size: number };

export interface SplitSources {
  readonly machine: Pick<MachineRoot, 'submounts'>;
  /** Directories, the topmost first; the root of the machine is one of them. */
  readonly layers: readonly string[];
}

/** Whether another file system is mounted somewhere below the directory. */
export function hasSubmounts(path: string, { submounts }: Pick<MachineRoot, 'submounts'>): boolean {
  return submounts.some((point) => point !== path && isWithin(point, path));
}

/**
 * What stands for a directory of which no overlay can be made: in a user namespace the kernel lets nobody look below what
 * the machine has mounted, and so refuses any directory with a mount in it. Its parts are taken one by one.
 */
export function splitDirectory(path: string, sources: SplitSources): readonly Piece[] {
  const { machine } = sources;
  // Where a layer has a link instead, this machine would follow it from its own root.
  const layers = sources.layers.filter((layer) => lookAt(join(layer, path))?.isDirectory() === true);
  const [top] = layers;
  const mode = top === undefined ? 0o755 : statSync(join(top, path)).mode & 0o7777;
  const names = new Set(layers.flatMap((layer) => namesIn(join(layer, path))));
  const parts = [...names].toSorted().flatMap((name): readonly Piece[] => {
    const part = join(path, name);
    if (machine.submounts.includes(part)) return [{ kind: 'mount', path: part }];
    return hasSubmounts(part, machine) ? splitDirectory(part, { machine, layers }) : pieceAt(part, layers);
  });
  return [{ kind: 'directory', path, mode }, ...parts];
}

function pieceAt(path: string, layers: readonly string[]): readonly Piece[] {
  const hostPath = layers.map((layer) => join(layer, path)).find((candidate) => lookAt(candidate) !== undefined);
  const stats = hostPath === undefined ? undefined : lookAt(hostPath);
  if (hostPath === undefined || stats === undefined || isWhiteout(stats)) return [];
  if (stats.isDirectory()) return [{ kind: 'tree', path }];
  if (stats.isSymbolicLink()) return [{ kind: 'link', path, target: readlinkSync(hostPath) }];
  return stats.isFile() ? [{ kind: 'file', path, hostPath, size: stats.size }] : [];
}

/** None of one that this user may not look into. */
function namesIn(directory: string): readonly string[] {
  return isOpen(directory) ? readdirSync(directory) : [];
}

/** Whether this user may list the directory and enter it. False for what is none. */
export function isOpen(directory: string): boolean {
  return lookAt(directory)?.isDirectory() === true && mayDo(directory, constants.R_OK | constants.X_OK);
}

export function isReadable(file: string): boolean {
  return mayDo(file, constants.R_OK);
}

function mayDo(path: string, what: number): boolean {
  try {
    accessSync(path, what);
    return true;
  } catch {
    return false;
  }
}
