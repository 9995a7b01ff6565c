import { chownSync, mkdtempSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { findNoUserReason } from '../../../packages/cluster/testing/isolated-process.ts';
import { execute, slipwayEntry, type Outcome } from './execute.ts';

/** Somebody who types commands on this machine. */
export interface Person {
  readonly name: string;
  /** What their clusters can do here. */
  readonly level: 'root' | 'user' | 'plain';
  /** The words that `up` needs for it. */
  readonly levelWords: readonly string[];
  /** Why they cannot be had here. */
  readonly reason: string | undefined;
  /** The words that start a program as them. */
  commandOf(program: string, words: readonly string[]): readonly [string, ...string[]];
  run(program: string, ...words: readonly string[]): Promise<Outcome>;
  slipway(...words: readonly string[]): Promise<Outcome>;
  /** An empty folder that is theirs. */
  createFolder(): Promise<string>;
}

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

/** Root, when the tests run as root. */
export const root: Person = createPerson({
  name: 'root',
  level: 'root',
  levelWords: [],
  reason: isRoot ? undefined : 'the tests were not started as root',
  userId: undefined,
});

/** Somebody without any rights: who runs the tests, or nobody when that is root. */
export const ordinaryUser: Person = createPerson({
  name: 'an ordinary user',
  level: findNoUserReason() === undefined ? 'user' : 'plain',
  levelWords: [],
  reason: undefined,
  userId: isRoot ? nobody : undefined,
});

/** The same one, who wants no namespaces. */
export const plainUser: Person = createPerson({
  name: 'an ordinary user without namespaces',
  level: 'plain',
  levelWords: ['--level', 'plain'],
  reason: ordinaryUser.level === 'plain' ? 'no ordinary user has namespaces here' : undefined,
  userId: isRoot ? nobody : undefined,
});

/** Whoever runs the tests. */
export const self: Person = isRoot ? root : ordinaryUser;

function createPerson(
  given: Pick<Person, 'name' | 'level' | 'levelWords' | 'reason'> & { readonly userId: number | undefined },
): Person {
  const { userId, ...about } = given;
  const commandOf: Person['commandOf'] = (program, words) =>
    userId === undefined ? [program, ...words] : [...become(userId), program, ...words];
  const run: Person['run'] = (program, ...words) => {
    const [file, ...parameters] = commandOf(program, words);
    return execute(file, parameters);
  };
  return {
    ...about,
    commandOf,
    run,
    slipway: (...words) => run(process.execPath, slipwayEntry, ...words),
    createFolder: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'slipway-e2e-'));
      if (userId !== undefined) await chown(folder, userId, userId);
      return folder;
    },
  };
}

function become(userId: number): readonly [string, ...string[]] {
  const ids = [`--reuid=${userId}`, `--regid=${userId}`, '--clear-groups'];
  return ['setpriv', ...ids, '--no-new-privs', 'env', '-u', 'XDG_CACHE_HOME', `HOME=${homeOf(userId)}`];
}

const homes = new Map<number, string>();

// Registered when the test file imports this: after all hooks of the file itself.
afterAll(() => Promise.all([...homes.values()].map(removeFolder)));

/** As long as the tests of the file run: compiled code is in it, which later commands start faster by. */
function homeOf(userId: number): string {
  const known = homes.get(userId);
  if (known !== undefined) return known;
  const home = mkdtempSync(join(tmpdir(), 'slipway-e2e-home-'));
  chownSync(home, userId, userId);
  homes.set(userId, home);
  return home;
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
