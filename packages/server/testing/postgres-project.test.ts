/** Says of a machine without PostgreSQL what it did not try; there this file is all that its project has. And which those are. */
import { glob, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { listDatabaseTests, once } from './list-database-tests.ts';
import { openTestDatabase } from './test-database.ts';

const isInstalled = inject('postgres') !== undefined;

/** Some of each kind of table. */
const amongThem = [
  'api/answer-once',
  'api/commands',
  'history/archivist',
  'identity/identity',
  'streams/streams',
  'webhooks/whole-way',
].map((name) => `packages/server/src/${name}.test.ts`);
const root = join(import.meta.dirname, '../../..');

it('those that have tables are found, by whichever means of a test they open them', async () => {
  const found = await listDatabaseTests(root);
  expect(found).toEqual(expect.arrayContaining(amongThem));
  const means = await findMeans();
  const texts = await readAll('packages/server/src/**/*.test.ts');
  const others = [...texts].filter(([path, text]) => importsOneOf(text, means) && !found.includes(path));
  expect(others.map(([path]) => path).filter((path) => !once.test(path))).toEqual([]);
});

/** Names of the files for tests that open a database, each on its own or by another one. */
async function findMeans(): Promise<ReadonlySet<string>> {
  const texts = await readAll('packages/server/testing/*.ts');
  const means = new Set(['test-database.ts']);
  for (let before = 0; before < means.size;) {
    before = means.size;
    for (const [path, text] of texts) if (importsOneOf(text, means)) means.add(basename(path));
  }
  return means;
}

/** What is imported for its types alone opens nothing. */
function importsOneOf(text: string, names: ReadonlySet<string>): boolean {
  const imports = text.matchAll(/^import (?!type )[^;]*? from '\.[^']*?([^/']+)';$/gm);
  return [...imports].some(([, name = '']) => names.has(name));
}

async function readAll(pattern: string): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for await (const path of glob(pattern, { cwd: root })) texts.set(path, await readFile(join(root, path), 'utf8'));
  return texts;
}

describe.skipIf(!isInstalled)(`the server's tests on PostgreSQL${isInstalled ? '' : ' (not installed)'}`, () => {
  it('have a database each', async () => {
    const [one, other] = await Promise.all([openTestDatabase(), openTestDatabase()]);
    expect(one.dialect).toBe('postgres');
    await one.query('CREATE TABLE words (word TEXT)');
    await expect(other.query('SELECT * FROM words')).rejects.toThrow('words');
    await Promise.all([one.close(), other.close()]);
  });
});
