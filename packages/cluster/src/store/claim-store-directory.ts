import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { messageOf } from '@slipway/kube/message-of';
import { acquireDirectoryLock, isLockFile, type DirectoryLock } from './directory-lock.ts';
import { StoreOpenError } from './store-open-error.ts';

export const formatFile = 'format.json';
export const snapshotFile = 'objects.snapshot';
export const changeFiles = ['changes-a.log', 'changes-b.log'] as const;
export const identityFile = 'identity';
const ownFiles: ReadonlySet<string> = new Set([
  formatFile,
  `${formatFile}.new`,
  snapshotFile,
  `${snapshotFile}.new`,
  ...changeFiles,
  identityFile,
]);

/** Makes this process the owner of a store's directory, which is made if it is absent. Throws a `StoreOpenError`. */
export function claimStoreDirectory(directory: string): DirectoryLock {
  assertDirectoryIsOurs(directory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return acquireDirectoryLock(directory);
}

function assertDirectoryIsOurs(directory: string): void {
  if (!existsSync(directory)) return;
  const names = readDirectory(directory);
  if (names.includes(formatFile)) return;
  const foreign = names.find((name) => !ownFiles.has(name) && !isLockFile(name));
  if (foreign === undefined) return;
  throw new StoreOpenError(
    'notADataDirectory',
    `${directory} is not a data directory of Slipway: it holds ${foreign} and no ${formatFile}; choose an empty directory`,
  );
}

function readDirectory(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    const fault = messageOf(error);
    throw new StoreOpenError('unreadable', `cannot read the data directory ${directory}: ${fault}`, { cause: error });
  }
}
