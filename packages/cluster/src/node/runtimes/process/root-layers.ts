/** What a container's root has of its image and of the machine: at its top level, and in the trees below. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isWithin } from './file-view.ts';
import { freshDirectories } from './machine-root.ts';
import type { RootTree } from './root-tree.ts';
import { hasSubmounts, isOpen, isReadable, splitDirectory, type Piece } from './split-directory.ts';
import { exists, isBehindLink, lookAt } from './visible.ts';

/** Never an image's. */
const kernelDirectories = new Set(['dev', 'proc', 'sys']);
/** At the top of a root they are ours: a link or a file of an image in their place would lead us out of it. */
const ownNames = new Set([...freshDirectories, ...kernelDirectories]);
const maximumCopyBytes = 64 * 1024;

export class RootLayers {
  private readonly tree: RootTree;
  /** Where files of the machine show. */
  private readonly shown: string[] = [];

  constructor(tree: RootTree) {
    this.tree = tree;
  }

  add(): void {
    const { directory, layers, machine, onMachineRoot, readOnly } = this.tree.request;
    this.tree.bind(join(directory, 'root'), '', readOnly ? ['ro'] : []);
    layers.forEach((layer, index) => symlinkSync(layer, join(directory, 'layer', String(index))));
    if (onMachineRoot) symlinkSync('/', join(directory, 'layer/machine'));
    for (const name of this.topLevelNames()) this.addTree(`/${name}`);
    for (const layer of layers) this.addTopLevelFiles(layer);
    for (const { name, target } of onMachineRoot ? machine.links : []) {
      if (!exists(join(directory, 'root', name))) symlinkSync(target, join(directory, 'root', name));
    }
    if (onMachineRoot) {
      for (const point of this.tree.isRoot ? machine.submounts : []) this.addSubmount(point);
      this.hideData();
    }
  }

  private topLevelNames(): ReadonlySet<string> {
    const { layers, machine, onMachineRoot } = this.tree.request;
    const ofLayers = layers.flatMap((layer) =>
      readdirSync(layer, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !kernelDirectories.has(entry.name))
        .map(({ name }) => name),
    );
    return new Set([...ofLayers, ...(onMachineRoot ? machine.directories : [])]);
  }

  private addTree(path: string): void {
    const { layers, machine, onMachineRoot } = this.tree.request;
    if (this.tree.isRoot || !onMachineRoot || !hasSubmounts(path, machine)) {
      this.addOverlay(path);
      return;
    }
    for (const piece of splitDirectory(path, { machine, layers: [...layers, '/'] })) this.addPiece(piece);
  }

  private addPiece(piece: Piece): void {
    const target = join(this.tree.request.directory, 'root', piece.path);
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
    const target = join(this.tree.request.directory, 'root', path);
    if (size <= maximumCopyBytes && isReadable(hostPath)) copyFileSync(hostPath, target);
    else {
      writeFileSync(target, '', { mode: statSync(hostPath).mode & 0o7777 });
      this.tree.bind(hostPath, path, ['ro']);
    }
  }

  /** Of what no layer lets this user look into, the container gets an empty one. */
  private addOverlay(path: string): void {
    const { directory, layers, machine, onMachineRoot, readOnly } = this.tree.request;
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
    this.tree.copyDirectory(join(directory, topmost), join(directory, 'upper', path));
    this.tree.markOverlaid(path);
    if (lower.includes(`layer/machine${path}`)) this.shown.push(path);
    const options = [`lowerdir=${lower.map(escapeLower).join(':')}`, `upperdir=upper${path}`, `workdir=work${path}`];
    this.tree.table.push({
      source: 'overlay',
      target: `root${path}`,
      type: 'overlay',
      options: [...(readOnly ? ['ro'] : []), 'nodev', ...(this.tree.isRoot ? [] : ['userxattr']), ...options],
    });
  }

  /** Files and links at the very top of an image, such as `/server` of one from scratch. */
  private addTopLevelFiles(layer: string): void {
    for (const entry of readdirSync(layer, { withFileTypes: true })) {
      const source = join(layer, entry.name);
      const target = join(this.tree.request.directory, 'root', entry.name);
      if (exists(target) || ownNames.has(entry.name)) continue;
      if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
      if (entry.isFile()) copyFileSync(source, target);
    }
  }

  private addSubmount(point: string): void {
    const isReplaced = isWithin(point, this.tree.request.dataDirectory) || point in this.tree.request.files;
    if (!exists(point) || isReplaced) return;
    const options = [this.tree.isRoot ? 'bind' : 'rbind', 'ro', ...this.tree.kept(point), 'nofail'];
    this.tree.table.push({ source: point, target: `root${point}`, type: 'none', options });
    if (!this.tree.isRoot) this.tree.holdBelow(point, `root${point}`);
    this.shown.push(point);
  }

  /** Only where it shows: what lies in a directory that this user may not list is not there, and nothing can be mounted on it. */
  private hideData(): void {
    const { path, stats } = this.tree.viewWith([]).locate(this.tree.request.dataDirectory);
    if (stats === undefined || !this.shown.some((directory) => isWithin(path, directory))) return;
    this.tree.table.push({
      source: 'hidden',
      target: `root${path}`,
      type: 'tmpfs',
      options: ['ro', 'size=4k', 'mode=0700'],
    });
  }
}

function escapeLower(path: string): string {
  return path.replaceAll(/[\\:,]/g, (character) => `\\${character}`);
}
