/**
 * A container's root: a directory of a tmpfs, in it one copy-on-write overlay for every top-level directory of the machine
 * and of the image, and fresh /proc, /sys, /dev, /tmp and /run. One overlay of `/` would hide what is mounted below it.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import type { Mount } from '../../runtime.ts';
import { StartError } from '../../runtime.ts';
import { FileView, isWithin, type Located } from './file-view.ts';
import { freshDirectories, keptOptions, type MachineRoot } from './machine-root.ts';
import { formatMountTable, type MountEntry } from './mount-table.ts';
import { hasSubmounts, isOpen, isReadable, splitDirectory, type Piece } from './split-directory.ts';
import { lookAt } from './visible.ts';

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

export interface ContainerRoot {
  readonly view: FileView;
  /** Without symbolic links, from the container's root. */
  readonly workingDirectory: string;
}

export const nodeDirectory = '/run/slipway/bin';
const deviceNames = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
const deviceLinks: Readonly<Record<string, string>> = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
  ptmx: 'pts/ptmx',
};
/** Never an image's. */
const kernelDirectories = new Set(['dev', 'proc', 'sys']);
/** What programs look up of the machine's /sys where no other one can be had. */
const systemDirectories = ['block', 'bus', 'class', 'dev', 'devices'];
/** At the top of a root they are ours: a link or a file of an image in their place would lead us out of it. */
const ownNames = new Set([...freshDirectories, ...kernelDirectories]);
/** A file that is made here and now, and nothing that a link leads to. */
const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const maximumCopyBytes = 64 * 1024;
/** Writing there would change the machine, not the container. */
const readOnlyProcPaths = ['sys', 'sysrq-trigger', 'irq', 'bus'];

/**
 * Makes everything below `directory`: `root` (where it comes together), `upper` and `work` of the overlays, links to the
 * layers under short names (the options of a mount must fit a page), and the `fstab`. Synchronous like `FileView`: some
 * hundred calls on a tmpfs take about a millisecond.
 */
export function createContainerRoot(request: RootRequest): ContainerRoot {
  const builder = new RootBuilder(request);
  builder.addTopLevel();
  builder.addFreshDirectories();
  builder.addFiles();
  builder.addMounts();
  const workingDirectory = builder.addDirectory(request.workingDirectory);
  writeFileSync(join(request.directory, 'fstab'), formatMountTable(builder.table));
  return { view: builder.view, workingDirectory };
}

/** A root that is made and mounted before anybody knows whose it will be. */
export class RootAhead {
  private readonly builder: RootBuilder;

  constructor(request: Omit<RootRequest, 'mounts' | 'workingDirectory'>) {
    const builder = new RootBuilder({ ...request, mounts: [], workingDirectory: '/' });
    builder.addTopLevel();
    builder.addFreshDirectories();
    builder.addFiles();
    writeFileSync(join(request.directory, 'fstab'), formatMountTable(builder.table));
    this.builder = builder;
  }

  get root(): ContainerRoot {
    return { view: this.builder.view, workingDirectory: '/' };
  }

  /**
   * What is still to be mounted for a container, from within the root. Undefined: this root cannot become that container's,
   * for where the kernel has joined the files of several directories nothing can be made below it any more.
   */
  complete(
    wish: Pick<RootRequest, 'mounts' | 'workingDirectory'>,
  ): { readonly root: ContainerRoot; readonly table: string } | undefined {
    const builder = this.builder.withMounts(wish.mounts);
    const { path, stats } = builder.view.locate(wish.workingDirectory);
    if (stats?.isDirectory() !== true || !builder.hasMountPoints()) return undefined;
    builder.addMounts();
    const table = builder.table.map((entry) => ({ ...entry, target: relative(builder.top, entry.target) }));
    return { root: { view: builder.view, workingDirectory: path }, table: formatMountTable(table) };
  }
}

class RootBuilder {
  readonly view: FileView;
  readonly table: MountEntry[] = [];
  private readonly request: RootRequest;
  private readonly overlaid: Set<string>;
  /** Where files of the machine show. */
  private readonly shown: string[] = [];

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

  /** The same root for a container with these volumes. */
  withMounts(mounts: readonly Mount[]): RootBuilder {
    return new RootBuilder({ ...this.request, mounts }, this.overlaid);
  }

  addTopLevel(): void {
    const { directory, layers, machine, onMachineRoot, readOnly } = this.request;
    this.bind(join(directory, 'root'), '', readOnly ? ['ro'] : []);
    layers.forEach((layer, index) => symlinkSync(layer, join(directory, 'layer', String(index))));
    if (onMachineRoot) symlinkSync('/', join(directory, 'layer/machine'));
    for (const name of this.topLevelNames()) this.addTree(`/${name}`);
    for (const layer of layers) this.addTopLevelFiles(layer);
    for (const { name, target } of onMachineRoot ? machine.links : []) {
      if (!exists(join(directory, 'root', name))) symlinkSync(target, join(directory, 'root', name));
    }
    if (onMachineRoot) {
      for (const point of this.isRoot ? machine.submounts : []) this.addSubmount(point);
      this.hideData();
    }
  }

  addFreshDirectories(): void {
    const { directory, nodeProgram, privileged } = this.request;
    for (const name of freshDirectories) mkdirSync(join(directory, 'root', name), { recursive: true });
    chmodSync(join(directory, 'root/tmp'), 0o1777);
    this.table.push({ source: 'proc', target: 'root/proc', type: 'proc', options: ['nosuid', 'nodev', 'noexec'] });
    this.addSystem();
    if (!privileged) {
      for (const name of readOnlyProcPaths.filter((path) => exists(`/proc/${path}`))) {
        this.table.push({
          source: `root/proc/${name}`,
          target: `root/proc/${name}`,
          type: 'none',
          options: ['bind', 'ro'],
        });
      }
    }
    this.addDevices();
    if (!this.isRoot) this.addOwnTemporary();
    this.bind(nodeProgram, this.addFileBehindLinks(join(nodeDirectory, 'node'), ''), ['ro']);
  }

  addFiles(): void {
    for (const [path, content] of Object.entries(this.request.files)) this.addFileBehindLinks(path, content);
  }

  addMounts(): void {
    const byDepth = this.request.mounts.toSorted((one, other) => one.containerPath.length - other.containerPath.length);
    for (const { hostPath, containerPath, readOnly } of byDepth) {
      this.bind(hostPath, this.addMountPoint(hostPath, containerPath), readOnly ? ['ro'] : []);
    }
  }

  /** Whether every volume has a place that is there, or can be made without a change below an overlay. */
  hasMountPoints(): boolean {
    const own = Object.keys(this.request.files).map((path) => this.view.locate(path).path);
    return this.request.mounts.every(({ hostPath, containerPath }) => {
      const { path, stats } = this.placeOf(containerPath);
      const isOver = own.some((file) => isWithin(file, path));
      const isOfKernel = ['/proc', '/sys'].some((directory) => isWithin(path, directory));
      if (isOver || isOfKernel || !exists(hostPath)) return false;
      return this.isMounted(path) || !this.isOverlaid(path) || stats !== undefined;
    });
  }

  /** Makes the directory if no layer has it, and says where it really is. */
  addDirectory(path: string): string {
    const located = this.view.locate(path);
    if (located.hostPath === undefined && !this.isMounted(located.path)) {
      this.addParents(join(located.path, 'entry'));
    }
    return located.path;
  }

  /** What this builder has made itself comes before the image. */
  private viewWith(mounts: readonly Mount[]): FileView {
    const { directory, layers, onMachineRoot } = this.request;
    return new FileView({
      mounts,
      layers: [join(directory, 'upper'), join(directory, 'root'), ...layers],
      onMachineRoot,
      hidden: freshDirectories.map((name) => `/${name}`),
    });
  }

  private topLevelNames(): ReadonlySet<string> {
    const { layers, machine, onMachineRoot } = this.request;
    const ofLayers = layers.flatMap((layer) =>
      readdirSync(layer, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !kernelDirectories.has(entry.name))
        .map(({ name }) => name),
    );
    return new Set([...ofLayers, ...(onMachineRoot ? machine.directories : [])]);
  }

  private get isRoot(): boolean {
    return this.request.rights === 'root';
  }

  private addTree(path: string): void {
    const { layers, machine, onMachineRoot } = this.request;
    if (this.isRoot || !onMachineRoot || !hasSubmounts(path, machine)) {
      this.addOverlay(path);
      return;
    }
    for (const piece of splitDirectory(path, { machine, layers: [...layers, '/'] })) this.addPiece(piece);
  }

  private addPiece(piece: Piece): void {
    const target = join(this.request.directory, 'root', piece.path);
    switch (piece.kind) {
      case 'directory':
        mkdirSync(target);
        chmodSync(target, piece.mode);
        break;
      case 'tree':
        this.addOverlay(piece.path);
        break;
      case 'mount':
        if (lookAt(piece.path)?.isDirectory() === true) mkdirSync(target);
        else writeFileSync(target, '');
        this.addSubmount(piece.path);
        break;
      case 'link':
        symlinkSync(piece.target, target);
        break;
      case 'file':
        this.addPart(piece);
        break;
    }
  }

  /** A copy, as long as it costs no more than a mount. */
  private addPart({ path, hostPath, size }: Extract<Piece, { kind: 'file' }>): void {
    const target = join(this.request.directory, 'root', path);
    if (size <= maximumCopyBytes && isReadable(hostPath)) copyFileSync(hostPath, target);
    else {
      writeFileSync(target, '', { mode: statSync(hostPath).mode & 0o7777 });
      this.bind(hostPath, path, ['ro']);
    }
  }

  /** Of what no layer lets this user look into, the container gets an empty one. */
  private addOverlay(path: string): void {
    const { directory, layers, machine, onMachineRoot, readOnly } = this.request;
    const isOfMachine = onMachineRoot && machine.directories.some((name) => isWithin(path, `/${name}`));
    const lower = [...layers.map((_, index) => String(index)), ...(isOfMachine ? ['machine'] : [])]
      .filter((layer) => !isBehindLink(join(directory, 'layer', layer), path))
      .map((layer) => `layer/${layer}${path}`)
      .filter((layer) => isOpen(join(directory, layer)));
    const [topmost] = lower;
    mkdirSync(join(directory, 'root', path));
    if (topmost === undefined) return;
    mkdirSync(join(directory, 'work', path), { recursive: true });
    mkdirSync(dirname(join(directory, 'upper', path)), { recursive: true });
    this.copyDirectory(join(directory, topmost), join(directory, 'upper', path));
    this.overlaid.add(path);
    if (lower.includes(`layer/machine${path}`)) this.shown.push(path);
    const options = [`lowerdir=${lower.map(escapeLower).join(':')}`, `upperdir=upper${path}`, `workdir=work${path}`];
    this.table.push({
      source: 'overlay',
      target: `root${path}`,
      type: 'overlay',
      options: [...(readOnly ? ['ro'] : []), 'nodev', ...(this.isRoot ? [] : ['userxattr']), ...options],
    });
  }

  /** Files and links at the very top of an image, such as `/server` of one from scratch. */
  private addTopLevelFiles(layer: string): void {
    for (const entry of readdirSync(layer, { withFileTypes: true })) {
      const source = join(layer, entry.name);
      const target = join(this.request.directory, 'root', entry.name);
      if (exists(target) || ownNames.has(entry.name)) continue;
      if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
      if (entry.isFile()) copyFileSync(source, target);
    }
  }

  private addSubmount(point: string): void {
    const isReplaced = isWithin(point, this.request.dataDirectory) || point in this.request.files;
    if (!exists(point) || isReplaced) return;
    const options = [this.isRoot ? 'bind' : 'rbind', 'ro', ...this.kept(point), 'nofail'];
    this.table.push({ source: point, target: `root${point}`, type: 'none', options });
    if (!this.isRoot) this.holdBelow(point, `root${point}`);
    this.shown.push(point);
  }

  /**
   * A mount comes with those below it, and to be read only is said of each mount alone. Nothing can be mounted where the
   * machine's mount has gone since, or lies behind a directory that this user may not enter.
   */
  private holdBelow(source: string, target: string): void {
    const points = this.request.machine.mounts.map(({ point }) => point);
    const below = points.filter((point) => point !== source && isWithin(point, source));
    for (const point of [...new Set(below)].filter(exists).toSorted()) {
      const options = ['rbind', 'ro', ...this.kept(point), 'nofail'];
      this.table.push({ source: point, target: join(target, relative(source, point)), type: 'none', options });
    }
  }

  /** A user namespace gets no /sys of its own as long as it has no network of its own. */
  private addSystem(): void {
    const options = ['ro', 'nosuid', 'nodev', 'noexec'];
    if (this.isRoot) {
      this.table.push({ source: 'sysfs', target: 'root/sys', type: 'sysfs', options });
      return;
    }
    const { mounts } = this.request.machine;
    for (const path of systemDirectories.map((name) => `/sys/${name}`)) {
      if (!exists(path) || mounts.some(({ point }) => isWithin(point, path))) continue;
      mkdirSync(join(this.request.directory, 'root', path));
      this.table.push({ source: path, target: `root${path}`, type: 'none', options: ['bind', ...options] });
    }
  }

  /** A user namespace cannot make a copy of a directory that belongs to nobody in it, to change it: here one is needed. */
  private addOwnTemporary(): void {
    const { path, stats } = this.view.locate('/var/tmp');
    if (stats?.isDirectory() === true) this.addParents(join(path, 'entry'));
  }

  private kept(path: string): readonly string[] {
    return this.isRoot ? [] : keptOptions(this.request.machine, path);
  }

  /** Only where it shows: what lies in a directory that this user may not list is not there, and nothing can be mounted on it. */
  private hideData(): void {
    const { path, stats } = this.viewWith([]).locate(this.request.dataDirectory);
    if (stats === undefined || !this.shown.some((directory) => isWithin(path, directory))) return;
    this.table.push({
      source: 'hidden',
      target: `root${path}`,
      type: 'tmpfs',
      options: ['ro', 'size=4k', 'mode=0700'],
    });
  }

  private addDevices(): void {
    const devices = join(this.request.directory, 'root/dev');
    for (const name of deviceNames.filter((device) => exists(`/dev/${device}`))) {
      writeFileSync(join(devices, name), '');
      this.bind(`/dev/${name}`, `/dev/${name}`, []);
    }
    for (const [name, target] of Object.entries(deviceLinks)) symlinkSync(target, join(devices, name));
    mkdirSync(join(devices, 'pts'));
    mkdirSync(join(devices, 'shm'), { mode: 0o1777 });
    chmodSync(join(devices, 'shm'), 0o1777);
    if (this.request.readOnly) {
      const memory = ['nosuid', 'nodev', 'noexec', 'mode=1777'];
      this.table.push({ source: 'shm', target: 'root/dev/shm', type: 'tmpfs', options: memory });
    }
    const options = ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'];
    this.table.push({ source: 'devpts', target: 'root/dev/pts', type: 'devpts', options });
  }

  private addMountPoint(hostPath: string, containerPath: string): string {
    const stats = statSync(hostPath, { throwIfNoEntry: false });
    if (stats === undefined) {
      throw new StartError(
        'RunContainerError',
        `the volume for ${containerPath} cannot be mounted: ${hostPath} does not exist on the node`,
      );
    }
    const found = this.placeOf(containerPath);
    const { path } = found;
    if (this.isMounted(path)) {
      return path;
    }
    if (stats.isDirectory()) return this.addDirectoryAt(path);
    return found.stats === undefined ? this.addFile(path, '') : path;
  }

  /** The mount itself must not answer, nor the ones inside it: only what lies beneath says where it goes. */
  private placeOf(containerPath: string): Located {
    const beneath = this.request.mounts.filter((mount) => mount.containerPath.length < containerPath.length);
    return this.viewWith(beneath).locate(containerPath);
  }

  private addDirectoryAt(path: string): string {
    this.addParents(join(path, 'entry'));
    return path;
  }

  /** Where the links of the image lead inside the container, as for its programs. */
  private addFileBehindLinks(path: string, content: string): string {
    return this.addFile(join(this.view.locate(dirname(path)).path, basename(path)), content);
  }

  /** In place of what lies there. */
  private addFile(path: string, content: string): string {
    this.addParents(path);
    const target = this.writablePath(path);
    rmSync(target, { force: true });
    const file = openSync(target, newFile, 0o644);
    writeFileSync(file, content);
    closeSync(file);
    return path;
  }

  /** Directories that exist below keep mode and owner; the topmost layer's attributes are what a container sees. */
  private addParents(path: string): void {
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

  private isOverlaid(path: string): boolean {
    return [...this.overlaid].some((directory) => isWithin(path, directory));
  }

  private isMounted(path: string): boolean {
    return this.request.mounts.some(({ containerPath }) => path !== containerPath && isWithin(path, containerPath));
  }

  private bind(source: string, target: string, options: readonly string[]): void {
    const absolute = join(this.request.directory, 'root', target);
    const kept = options.length === 0 ? [] : this.kept(source);
    this.table.push({ source, target: absolute, type: 'none', options: ['rbind', ...options, ...kept] });
    if (options.includes('ro')) this.holdBelow(exists(source) ? realpathSync(source) : source, absolute);
  }

  private copyDirectory(from: string, to: string): void {
    const { mode, uid, gid } = statSync(from);
    mkdirSync(to);
    if (this.isRoot) chownSync(to, uid, gid);
    chmodSync(to, mode & 0o7777);
  }
}

function exists(path: string): boolean {
  return lookAt(path) !== undefined;
}

/** Whether a directory above the path is a link, which this machine would follow from its own root. */
function isBehindLink(root: string, path: string): boolean {
  for (let parent = dirname(path); parent !== '/'; parent = dirname(parent)) {
    if (lookAt(join(root, parent))?.isSymbolicLink() === true) return true;
  }
  return false;
}

function escapeLower(path: string): string {
  return path.replaceAll(/[\\:,]/g, (character) => `\\${character}`);
}
