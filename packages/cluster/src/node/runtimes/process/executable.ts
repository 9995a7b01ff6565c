import { posix } from 'node:path';
import { StartError } from '../../runtime.ts';
import type { FileView } from './file-view.ts';

/**
 * The path of a command inside the container, found as `exec` finds it. Rejects in the words of the container runtimes,
 * which people search for.
 */
export function findExecutable(
  view: FileView,
  command: string,
  where: { readonly searchPath: string; readonly directory: string },
): string {
  if (command.includes('/')) {
    return checkExecutable(view, command, posix.resolve(where.directory, command));
  }
  for (const directory of where.searchPath.split(':')) {
    const path = posix.resolve(where.directory, directory, command);
    if (isExecutable(view, path)) {
      return path;
    }
  }
  throw new StartError(
    'StartError',
    `failed to start container process: exec: "${command}": executable file not found in $PATH`,
    { exitCode: 127 },
  );
}

function checkExecutable(view: FileView, command: string, path: string): string {
  const { stats } = view.locate(path);
  if (stats === undefined) {
    throw new StartError(
      'StartError',
      `failed to start container process: exec: "${command}": stat ${command}: no such file or directory`,
      { exitCode: 127 },
    );
  }
  if (!isExecutable(view, path)) {
    throw new StartError(
      'StartError',
      `failed to start container process: exec: "${command}": permission denied: ${stats.isDirectory() ? 'it is a directory' : 'it is not executable'}`,
      { exitCode: 126 },
    );
  }
  return path;
}

function isExecutable(view: FileView, path: string): boolean {
  const { stats } = view.locate(path);
  return stats !== undefined && stats.isFile() && (stats.mode & 0o111) !== 0;
}
