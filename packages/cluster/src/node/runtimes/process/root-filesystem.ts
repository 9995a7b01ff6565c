/**
 * A container's root: a directory of a tmpfs, in it one copy-on-write overlay for every top-level directory of the machine
 * and of the image, and fresh /proc, /sys, /dev, /tmp and /run. One overlay of `/` would hide what is mounted below it.
 */
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { addFreshDirectories } from './fresh-directories.ts';
import type { FileView } from './file-view.ts';
import { formatMountTable } from './mount-table.ts';
import { RootLayers } from './root-layers.ts';
import { RootTree, type RootRequest } from './root-tree.ts';
import { addMounts, hasMountPoints } from './root-volumes.ts';

export interface ContainerRoot {
  readonly view: FileView;
  /** Without symbolic links, from the container's root. */
  readonly workingDirectory: string;
}

/**
 * Makes everything below `directory`: `root` (where it comes together), `upper` and `work` of the overlays, links to the
 * layers under short names (the options of a mount must fit a page), and the `fstab`. Synchronous like `FileView`: some
 * hundred calls on a tmpfs take about a millisecond.
 */
export function createContainerRoot(request: RootRequest): ContainerRoot {
  const tree = createTree(request);
  addMounts(tree);
  const workingDirectory = tree.addDirectory(request.workingDirectory);
  writeFileSync(join(request.directory, 'fstab'), formatMountTable(tree.table));
  return { view: tree.view, workingDirectory };
}

/** All but the volumes. */
function createTree(request: RootRequest): RootTree {
  const tree = new RootTree(request);
  new RootLayers(tree).add();
  addFreshDirectories(tree);
  for (const [path, content] of Object.entries(request.files)) tree.addFileBehindLinks(path, content);
  return tree;
}

/** A root that is made and mounted before anybody knows whose it will be. */
export class RootAhead {
  private readonly tree: RootTree;

  constructor(request: Omit<RootRequest, 'mounts' | 'workingDirectory'>) {
    this.tree = createTree({ ...request, mounts: [], workingDirectory: '/' });
    writeFileSync(join(request.directory, 'fstab'), formatMountTable(this.tree.table));
  }

  get root(): ContainerRoot {
    return { view: this.tree.view, workingDirectory: '/' };
  }

  /**
   * What is still to be mounted for a container, from within the root. Undefined: this root cannot become that container's,
   * for where the kernel has joined the files of several directories nothing can be made below it any more.
   */
  complete(
    wish: Pick<RootRequest, 'mounts' | 'workingDirectory'>,
  ): { readonly root: ContainerRoot; readonly table: string } | undefined {
    const tree = this.tree.withMounts(wish.mounts);
    const { path, stats } = tree.view.locate(wish.workingDirectory);
    if (stats?.isDirectory() !== true || !hasMountPoints(tree)) return undefined;
    addMounts(tree);
    const table = tree.table.map((entry) => ({ ...entry, target: relative(tree.top, entry.target) }));
    return { root: { view: tree.view, workingDirectory: path }, table: formatMountTable(table) };
  }
}
