import { statfsSync } from 'node:fs';

/** Less than this is as good as nothing. */
const leastFreeBytes = 1024 * 1024;

export interface DiskFailure {
  readonly path: string;
  /** What the write took, where it is known. */
  readonly needed?: number;
  /** What the disk said. */
  readonly cause: unknown;
}

/**
 * Why a write to a file failed. A disk that says that it is full is so, whatever is free by now: who was refused gives back
 * what it had got before. LMDB reports a full disk as an input/output error: then the disk itself is asked.
 */
export function describeDiskFailure({ path, needed = 0, cause }: DiskFailure): string {
  const { bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  const why =
    saysFull(cause) || free < Math.max(needed, leastFreeBytes)
      ? `the disk is full (${free} bytes free)`
      : 'the disk does not take the write';
  return `cannot write to ${path}: ${why}; nothing was changed`;
}

const fullCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT'];

/** It, or what it was caused by. */
function saysFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && fullCodes.includes(error.code)) || saysFull(error.cause);
}
