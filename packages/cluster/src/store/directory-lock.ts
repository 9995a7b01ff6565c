/**
 * One process owns a data directory. Ownership is a chain of files `owner.1`, `owner.2`, ..., of which the highest
 * counts; each is complete from the moment its name exists (written aside, then linked) and names a process by pid and
 * start time, so a killed owner is recognised as gone even when its pid is in use again. Who wants the directory creates
 * the next number, which only one can at a time, and owns it if that number is then still the highest: who listed long
 * ago may create one that others have used and passed, and takes it back. (A plain lock file that is deleted when found
 * stale has a race between two finders; a socket has one between bind and listen.)
 */
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { StoreOpenError } from './store-open-error.ts';

export interface DirectoryLock {
  release(): void;
}

/** `released` is written by an owner that ended in order. */
interface Owner {
  readonly state: 'held' | 'released';
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
  readonly pidNamespace: string;
}

const ownerFile = /^owner\.(\d+)$/;

export function isLockFile(name: string): boolean {
  return name.startsWith('owner.');
}

/** `link` gives a file a second name, unless that exists already. */
export function acquireDirectoryLock(directory: string, link: typeof linkSync = linkSync): DirectoryLock {
  const owners = { directory, link };
  for (;;) {
    const highest = highestNumber(directory);
    if (highest > 0) assertOwnerIsGone(directory, highest);
    if (tryCreate(owners, highest + 1, thisProcess('held')) && isStillHighest(directory, highest + 1)) {
      removeBelow(directory, highest + 1);
      let isHeld = true;
      return {
        release() {
          if (isHeld) release(owners, highest + 1);
          isHeld = false;
        },
      };
    }
  }
}

interface Owners {
  readonly directory: string;
  readonly link: typeof linkSync;
}

/** On a full disk there is no word of it, and the next owner sees by the process that it has ended. */
function release(owners: Owners, number: number): void {
  try {
    tryCreate(owners, number + 1, thisProcess('released'));
  } catch (error) {
    if (isCode(error, 'ENOSPC') || isCode(error, 'EDQUOT')) return;
    throw error;
  }
  removeBelow(owners.directory, number + 1);
}

function assertOwnerIsGone(directory: string, number: number): void {
  const path = join(directory, `owner.${number}`);
  const owner = readOwner(path);
  // Undefined: removed since it was listed, so somebody else has just become the owner; the next number will collide.
  if (owner === undefined || owner.state === 'released' || owner.bootId !== bootId()) return;
  if (owner.pidNamespace !== pidNamespace()) {
    throw new StoreOpenError(
      'inUse',
      `the data directory ${directory} was opened by process ${owner.pid} of another container, which cannot be seen ` +
        `from here; stop it, or delete ${path} if it no longer runs`,
      { ownerPid: owner.pid },
    );
  }
  if (startTimeOf(owner.pid) !== owner.startTime) return;
  throw new StoreOpenError(
    'inUse',
    `the data directory ${directory} is in use by process ${owner.pid}; stop that cluster first, or choose another data directory`,
    { ownerPid: owner.pid },
  );
}

function highestNumber(directory: string): number {
  const numbers = readdirSync(directory).map((name) => Number(ownerFile.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers);
}

/** False: others went past this number between the look at the directory and its creation; it is given up. */
function isStillHighest(directory: string, number: number): boolean {
  if (highestNumber(directory) === number) return true;
  removeIfPresent(join(directory, `owner.${number}`));
  return false;
}

/** False: somebody else has this number. */
function tryCreate({ directory, link }: Owners, number: number, owner: Owner): boolean {
  const temporary = join(directory, `owner.new.${process.pid}`);
  try {
    writeDurably(temporary, JSON.stringify(owner));
    link(temporary, join(directory, `owner.${number}`));
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    removeIfPresent(temporary);
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function removeBelow(directory: string, number: number): void {
  for (const name of readdirSync(directory)) {
    const found = Number(ownerFile.exec(name)?.[1] ?? Number.POSITIVE_INFINITY);
    if (found < number) removeIfPresent(join(directory, name));
  }
}

function thisProcess(state: Owner['state']): Owner {
  return {
    state,
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? '',
    bootId: bootId(),
    pidNamespace: pidNamespace(),
  };
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function pidNamespace(): string {
  return readlinkSync('/proc/self/ns/pid');
}

/** In clock ticks since boot; undefined if there is no such process or only its remains, which nobody has reaped yet. */
function startTimeOf(pid: number): string | undefined {
  const stat = readIfPresent(`/proc/${pid}/stat`);
  // The second field is the command in parentheses, which may hold anything; state is the third, start time the 22nd.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function readOwner(path: string): Owner | undefined {
  const text = readIfPresent(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Owner;
  } catch (error) {
    throw new StoreOpenError(
      'damaged',
      `${path} does not name the owner of its directory; delete it if no cluster runs there`,
      {
        cause: error,
      },
    );
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // ESRCH: the process ended between open and read.
    if (isCode(error, 'ENOENT') || isCode(error, 'ESRCH')) return undefined;
    throw error;
  }
}

function removeIfPresent(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
