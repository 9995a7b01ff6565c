/** The volumes of a container in its root. */
import { statSync } from 'node:fs';
import { StartError, type Mount } from '../../runtime.ts';
import { isWithin, type Located } from './file-view.ts';
import type { RootTree } from './root-tree.ts';
import { exists } from './visible.ts';

export function addMounts(tree: RootTree): void {
  const byDepth = tree.request.mounts.toSorted((one, other) => one.containerPath.length - other.containerPath.length);
  for (const mount of byDepth) tree.bind(mount.hostPath, addMountPoint(tree, mount), mount.readOnly ? ['ro'] : []);
}

/** Whether every volume has a place that is there, or can be made without a change below an overlay. */
export function hasMountPoints(tree: RootTree): boolean {
  const own = Object.keys(tree.request.files).map((path) => tree.view.locate(path).path);
  return tree.request.mounts.every(({ hostPath, containerPath }) => {
    const { path, stats } = placeOf(tree, containerPath);
    const isOver = own.some((file) => isWithin(file, path));
    const isOfKernel = ['/proc', '/sys'].some((directory) => isWithin(path, directory));
    if (isOver || isOfKernel || !exists(hostPath)) return false;
    return tree.isMounted(path) || !tree.isOverlaid(path) || stats !== undefined;
  });
}

function addMountPoint(tree: RootTree, { hostPath, containerPath }: Mount): string {
  const stats = statSync(hostPath, { throwIfNoEntry: false });
  if (stats === undefined) {
    throw new StartError(
      'RunContainerError',
      `the volume for ${containerPath} cannot be mounted: ${hostPath} does not exist on the node`,
    );
  }
  const { path, stats: existing } = placeOf(tree, containerPath);
  if (tree.isMounted(path)) return path;
  if (stats.isDirectory()) return tree.addDirectoryAt(path);
  return existing === undefined ? tree.addFile(path, '') : path;
}

/** The mount itself must not answer, nor the ones inside it: only what lies beneath says where it goes. */
function placeOf(tree: RootTree, containerPath: string): Located {
  const beneath = tree.request.mounts.filter((mount) => mount.containerPath.length < containerPath.length);
  return tree.viewWith(beneath).locate(containerPath);
}
