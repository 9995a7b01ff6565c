import { lstatSync, type Stats } from 'node:fs';

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
