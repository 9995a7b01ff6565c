import { statfsSync } from 'node:fs';

/** Less than this is as good as nothing. */
const leastFreeBytes = 1024 * 1024;

/** Why a write to a file failed. LMDB reports a full disk as an input/output error: the disk itself is asked. */
export function describeDiskFailure(path: string, needed = 0): string {
  const { bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  const cause =
    free < Math.max(needed, leastFreeBytes)
      ? `the disk is full (${free} bytes free)`
      : 'the disk does not take the write';
  return `cannot write to ${path}: ${cause}; nothing was changed`;
}
