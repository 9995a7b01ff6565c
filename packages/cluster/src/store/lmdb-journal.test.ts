import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LmdbJournal } from './lmdb-journal.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-journal-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** Ends when the database has the key, and fails when it has not after 20 s. */
const reader = `
  import { open } from 'lmdb';
  const database = open({ path: process.argv[1], noSubdir: true, encoding: 'string', readOnly: true });
  const until = Date.now() + 20_000;
  const look = () => {
    if (database.get('/k') !== undefined) process.exit(0);
    if (Date.now() > until) process.exit(1);
    setTimeout(look, 5);
  };
  look();
`;

test('a batch is made durable while its process has no time for it', async () => {
  const path = join(directory, 'data');
  const journal = new LmdbJournal(path);
  await journal.append([{ key: '/first', revision: 1, value: 'x' }]);
  const appended = journal.append([{ key: '/k', revision: 2, value: 'x' }]);
  // Nothing else happens in this process until the other one has ended.
  const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', reader, path], {
    cwd: import.meta.dirname,
    stdio: 'inherit',
  });
  await appended;
  await journal.close();
  expect(status).toBe(0);
});

test('what is answered within the turn of an answer is gathered', async () => {
  const journal = new LmdbJournal(join(directory, 'data'));
  const heard: string[] = [];
  const gathered = journal.gather().then(() => heard.push('gathered'));
  await Promise.all([
    Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => heard.push('answered')),
    new Promise<void>((resolve) => process.nextTick(resolve)).then(() => heard.push('answered by who waited')),
    gathered,
  ]);
  expect(heard).toEqual(['answered', 'answered by who waited', 'gathered']);
  await journal.close();
});

test('all records of a batch are read as they were written, in whatever script and however long', async () => {
  const path = join(directory, 'data');
  const texts = ['', 'x', 'é漢😀', 'x'.repeat(5_000), '漢'.repeat(3_000), 'last'];
  const revision = Number.MAX_SAFE_INTEGER - texts.length;
  const objects = texts.map((value, index) => ({ key: `/k/${index}`, revision: revision + index, value }));
  const first = new LmdbJournal(path);
  await first.append([{ key: '/k/gone', revision: 1, value: 'x' }]);
  await first.append([
    ...structuredClone(objects),
    { key: '/k/gone', revision: Number.MAX_SAFE_INTEGER, value: undefined },
  ]);
  await first.close();
  const again = new LmdbJournal(path);
  expect(again.load()).toEqual({ objects, revision: Number.MAX_SAFE_INTEGER });
  await again.close();
});
