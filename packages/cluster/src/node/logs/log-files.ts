import { join } from 'node:path';
import type { Files } from '../files.ts';

/** A log is written in segments whose numbers only grow, so that a reader never meets a file that changed its name. */
export interface LogSegment {
  readonly attempt: number;
  readonly sequence: number;
  readonly path: string;
}

export function segmentPath(directory: string, attempt: number, sequence: number): string {
  return join(directory, `${attempt}.${sequence}.log`);
}

/** Of one container, oldest first. */
export async function listSegments(files: Files, directory: string): Promise<readonly LogSegment[]> {
  const names = await files.list(directory);
  return names
    .flatMap((name) => {
      const match = /^(\d+)\.(\d+)\.log$/.exec(name);
      return match === null
        ? []
        : [{ attempt: Number(match[1]), sequence: Number(match[2]), path: join(directory, name) }];
    })
    .toSorted((a, b) => a.attempt - b.attempt || a.sequence - b.sequence);
}
