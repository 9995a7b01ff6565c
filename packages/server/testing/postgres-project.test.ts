/** Says of a machine without PostgreSQL what it did not try; there this file is all that its project has. And which those are. */
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { listDatabaseTests } from './list-database-tests.ts';
import { openTestDatabase } from './test-database.ts';

const isInstalled = inject('postgres') !== undefined;

/** Some of each kind of table; the list is by how a file opens its database, which a new way to do so would miss. */
const amongThem = [
  'api/answer-once',
  'api/commands',
  'history/archivist',
  'identity/identity',
  'streams/streams',
  'webhooks/whole-way',
].map((name) => `packages/server/src/${name}.test.ts`);
/** There are 29; a few may go. */
const atLeast = 26;

it('those that have tables are found', async () => {
  const found = await listDatabaseTests(join(import.meta.dirname, '../../..'));
  expect(found).toEqual(expect.arrayContaining(amongThem));
  expect(found.length).toBeGreaterThanOrEqual(atLeast);
});

describe.skipIf(!isInstalled)(`the server's tests on PostgreSQL${isInstalled ? '' : ' (not installed)'}`, () => {
  it('have a database each', async () => {
    const [one, other] = await Promise.all([openTestDatabase(), openTestDatabase()]);
    expect(one.dialect).toBe('postgres');
    await one.query('CREATE TABLE words (word TEXT)');
    await expect(other.query('SELECT * FROM words')).rejects.toThrow('words');
    await Promise.all([one.close(), other.close()]);
  });
});
