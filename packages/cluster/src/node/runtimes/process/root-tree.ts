/** The root of a container while it is made: what is written where, and what is to be mounted on it. */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { StartError, type Mount } from '../../runtime.ts';
import { FileView, isWithin } from './file-view.ts';
import { freshDirectories, keptOptions, type MachineRoot } from './machine-root.ts';
import type { MountEntry } from './mount-table.ts';
import { exists, isBehindLink } from './visible.ts';

export interface RootRequest {
  /** An empty directory on a tmpfs. */
  readonly directory: string;
  /** Whose root it is: that of a user namespace owns what this user owns, and no more. */
  readonly rights: 'root' | 'user';
  readonly machine: MachineRoot;
  readonly layers: readonly string[];
  readonly onMachineRoot: boolean;
  readonly mounts: readonly Mount[];
  /** Hidden from the container: keys and other pods' files. */
  readonly dataDirectory: string;
  /** Contents of files by path, such as `/etc/hosts`. */
  readonly files: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Shows as `/run/slipway/bin/node`. */
  readonly nodeProgram: string;
  readonly privileged: boolean;
  /** Nothing but volumes and /dev/shm can be written. */
  readonly readOnly: boolean;
}

/** A file that is made here and now, and nothing that a link leads to. */
const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export class RootTree {
  readonly view: FileView;
  readonly table: MountEntry[] = [];
  readonly request: RootRequest;
  private readonly overlaid: Set<string>;

  /** `overlaid` of a root that is there already. */
  constructor(request: RootRequest, overlaid?: Set<string>) {
    this.request = request;
    this.overlaid = overlaid ?? new Set();
    if (overlaid === undefined)
      for (const name of ['root', 'upper', 'work', 'layer']) mkdirSync(join(request.directory, name));
    this.view = this.viewWith(request.mounts);
  }

  get top(): string {
    return join(this.request.directory, 'root');
  }

  get isRoot(): boolean {
    return this.request.rights === 'root';
  }

  /** The same root for a container with these volumes. */
  withMounts(mounts: readonly Mount[]): RootTree {
    return new RootTree({ ...this.request, mounts }, this.overlaid);
  }

  /** What is made here comes before the image. */
  viewWith(mounts: readonly Mount[]): FileView {
    const { directory, layers, onMachineRoot } = this.request;
    return new FileView({
      mounts,
      layers: [join(directory, 'upper'), join(directory, 'root'), ...layers],
      onMachineRoot,
      hidden: freshDirectories.map((name) => `/${name}`),
    });
  }

  /** What is made below the path from here on is made in the upper directory of its overlay. */
  markOverlaid(path: string): void {
    this.overlaid.add(path);
  }

  /** Makes the directory if no layer has it, and says where it really is. */
  addDirectory(path: string): string {
    const located = this.view.locate(path);
    if (located.hostPath === undefined && !this.isMounted(located.path)) {
      this.addParents(join(located.path, 'entry'));
    }
    return located.path;
  }

  /** Of which is known already where it really is. */
  addDirectoryAt(path: string): string {
    this.addParents(join(path, 'entry'));
    return path;
  }

  /** Where the links of the image lead inside the container, as for its programs. */
  addFileBehindLinks(path: string, content: string): string {
    return this.addFile(join(this.view.locate(dirname(path)).path, basename(path)), content);
  }

  /** In place of what lies there. */
  addFile(path: string, content: string): string {
    this.addParents(path);
    const target = this.writablePath(path);
    rmSync(target, { force: true });
    const file = openSync(target, newFile, 0o644);
    writeFileSync(file, content);
    closeSync(file);
    return path;
  }

  /** Directories that exist below keep mode and owner; the topmost layer's attributes are what a container sees. */
  addParents(path: string): void {
    const parents: string[] = [];
    for (let parent = dirname(path); parent !== '/'; parent = dirname(parent)) parents.unshift(parent);
    for (const parent of parents.filter((candidate) => !exists(this.writablePath(candidate)))) {
      const { hostPath, stats } = this.view.locate(parent);
      if (hostPath !== undefined && stats?.isDirectory() === true) {
        this.copyDirectory(hostPath, this.writablePath(parent));
      } else {
        mkdirSync(this.writablePath(parent), { recursive: true, mode: 0o755 });
      }
    }
  }

  private writablePath(path: string): string {
    const root = join(this.request.directory, this.isOverlaid(path) ? 'upper' : 'root');
    if (isBehindLink(root, path)) {
      throw new StartError(
        'CreateContainerError',
        `"${path}" cannot be made: a link of the image leads out of its root`,
      );
    }
    return join(root, path);
  }

  isOverlaid(path: string): boolean {
    return [...this.overlaid].some((directory) => isWithin(path, directory));
  }

  isMounted(path: string): boolean {
    return this.request.mounts.some(({ containerPath }) => path !== containerPath && isWithin(path, containerPath));
  }

  bind(source: string, target: string, options: readonly string[]): void {
    const absolute = join(this.request.directory, 'root', target);
    const kept = options.length === 0 ? [] : this.kept(source);
    this.table.push({ source, target: absolute, type: 'none', options: ['rbind', ...options, ...kept] });
    if (options.includes('ro')) this.holdBelow(exists(source) ? realpathSync(source) : source, absolute);
  }

  /**
   * A mount comes with those below it, and to be read only is said of each mount alone. Nothing can be mounted where the
   * machine's mount has gone since, or lies behind a directory that this user may not enter.
   */
  holdBelow(source: string, target: string): void {
    const points = this.request.machine.mounts.map(({ point }) => point);
    const below = points.filter((point) => point !== source && isWithin(point, source));
    for (const point of [...new Set(below)].filter(exists).toSorted()) {
      const options = ['rbind', 'ro', ...this.kept(point), 'nofail'];
      this.table.push({ source: point, target: join(target, relative(source, point)), type: 'none', options });
    }
  }

  /** What must be said again of a mount that is made of one of the machine's. */
  kept(path: string): readonly string[] {
    return this.isRoot ? [] : keptOptions(this.request.machine, path);
  }

  copyDirectory(from: string, to: string): void {
    const { mode, uid, gid } = statSync(from);
    mkdirSync(to);
    if (this.isRoot) chownSync(to, uid, gid);
    chmodSync(to, mode & 0o7777);
  }
}
