import { readlinkSync, type Stats } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { lookAt } from './visible.ts';

/** Directory trees that together are a container's files: mounts before layers (topmost first) before the machine's own root. */
export interface FileSources {
  readonly mounts: readonly { readonly hostPath: string; readonly containerPath: string }[];
  readonly layers: readonly string[];
  readonly onMachineRoot: boolean;
  /** Top-level directories of the machine that containers do not see, such as `/tmp`. */
  readonly hidden: readonly string[];
}

export interface Located {
  /** Without symbolic links. */
  readonly path: string;
  /** Where it is on this machine; undefined when it does not exist. */
  readonly hostPath: string | undefined;
  readonly stats: Stats | undefined;
}

const linkLimit = 40;

/**
 * Looks files up as a container will see them, before it exists. The look-ups are synchronous: each is a few
 * microseconds in the kernel's cache, and a trip through the thread pool costs ten times that.
 */
export class FileView {
  private readonly sources: FileSources;
  /** What layers have at the directories above what was asked for, by their paths on this machine. */
  private readonly above = new Map<string, 'directory' | 'nothing' | 'other'>();

  constructor(sources: FileSources) {
    this.sources = sources;
  }

  /** Follows symbolic links as the container would, so that one to `/run` leads to its own `/run` and not to the machine's. */
  locate(path: string): Located {
    let rest = segmentsOf(path);
    let found: Located = this.entryAt('/');
    for (let links = 0; rest.length > 0;) {
      const [name = '', ...remaining] = rest;
      const next = this.entryAt(name === '..' ? dirname(found.path) : posix.join(found.path, name));
      rest = remaining;
      if (next.stats?.isSymbolicLink() !== true || next.hostPath === undefined) {
        found = next;
        continue;
      }
      links += 1;
      if (links > linkLimit) {
        return { path: posix.join(next.path, ...rest), hostPath: undefined, stats: undefined };
      }
      const target = readlinkSync(next.hostPath);
      found = target.startsWith('/') ? this.entryAt('/') : found;
      rest = [...segmentsOf(target), ...rest];
    }
    return found;
  }

  private entryAt(path: string): Located {
    for (const hostPath of this.candidates(path)) {
      const stats = lookAt(hostPath);
      if (stats !== undefined) {
        return isWhiteout(stats) ? { path, hostPath: undefined, stats: undefined } : { path, hostPath, stats };
      }
    }
    return { path, hostPath: undefined, stats: undefined };
  }

  private candidates(path: string): readonly string[] {
    const mount = this.sources.mounts
      .filter(({ containerPath }) => isWithin(path, containerPath))
      .toSorted((one, other) => other.containerPath.length - one.containerPath.length)[0];
    if (mount !== undefined) {
      return [join(mount.hostPath, path.slice(mount.containerPath.length))];
    }
    const layers: string[] = [];
    for (const layer of this.sources.layers) {
      const parent = this.parentIn(layer, dirname(path));
      if (parent === 'directory') layers.push(join(layer, path));
      // What is no directory hides those below it; a link there would lead out of the image, on this machine.
      if (parent === 'other') return layers;
    }
    const isVisible = this.sources.onMachineRoot && !this.sources.hidden.some((hidden) => isWithin(path, hidden));
    return isVisible ? [...layers, path] : layers;
  }

  private parentIn(layer: string, directory: string): 'directory' | 'nothing' | 'other' {
    if (directory === '/') return 'directory';
    const hostPath = join(layer, directory);
    const known = this.above.get(hostPath);
    if (known !== undefined) return known;
    const parent = this.parentIn(layer, dirname(directory));
    const found = parent === 'directory' ? kindOf(lookAt(hostPath)) : parent;
    this.above.set(hostPath, found);
    return found;
  }
}

export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}

/** How an overlay marks a file that a lower layer has and this one deleted. */
export function isWhiteout(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0;
}

function kindOf(stats: Stats | undefined): 'directory' | 'nothing' | 'other' {
  if (stats === undefined) return 'nothing';
  return stats.isDirectory() ? 'directory' : 'other';
}

function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '' && segment !== '.');
}
