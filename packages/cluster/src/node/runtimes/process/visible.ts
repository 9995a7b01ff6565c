import { lstatSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';

/** The last ones are those of a file system whose other side has gone. */
const hiddenBy: readonly unknown[] = [
  'EACCES',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOENT',
  'ENOTDIR',
  'EIO',
  'ENOTCONN',
  'ESTALE',
];

/** What is at a path, a link itself included; undefined where nothing is or this user may not look, as `exec` sees it. */
export function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (error instanceof Error && 'code' in error && hiddenBy.includes(error.code)) return undefined;
    throw error;
  }
}

export function exists(path: string): boolean {
  return lookAt(path) !== undefined;
}

/** Whether a directory above the path is a link, which this machine would follow from its own root. */
export function isBehindLink(root: string, path: string): boolean {
  for (let parent = dirname(path); parent !== '/'; parent = dirname(parent)) {
    if (lookAt(join(root, parent))?.isSymbolicLink() === true) return true;
  }
  return false;
}
