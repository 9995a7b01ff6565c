import { homedir } from 'node:os';
import { usageFailure } from './failure.ts';
import { isSystemError } from './system-error.ts';

/**
 * Of the user who asks. A container may run for a user that its image does not know and that has no `HOME`; the message
 * names what says the place then.
 */
export function homeDirectory(instead: string, find: () => string = homedir): string {
  try {
    return find();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw usageFailure(
      `This user has no home directory: HOME is not set, and the system does not know the user.\nSay ${instead}, or set HOME.`,
      error,
    );
  }
}
