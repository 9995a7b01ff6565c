import { statfsSync } from 'node:fs';

export interface DiskFailure {
  readonly path: string;
  /** What the disk said. */
  readonly cause: unknown;
}

/**
 * Why a write to a file failed. A disk that says that it is full is so, whatever is free by now: who was refused gives back
 * what it had got before.
 */
export function describeDiskFailure({ path, cause }: DiskFailure): string {
  const { bavail, bsize } = statfsSync(path);
  const why = saysFull(cause) ? `the disk is full (${bavail * bsize} bytes free)` : 'the disk does not take the write';
  return `cannot write to ${path}: ${why}; nothing was changed`;
}

const fullCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT'];

/** It, or what it was caused by. */
function saysFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && fullCodes.includes(error.code)) || saysFull(error.cause);
}
