/** Says of a machine without PostgreSQL what it did not try; there this file is all that its project has. */
import { describe, expect, inject, it } from 'vitest';
import { openTestDatabase } from './test-database.ts';

const isInstalled = inject('postgres') !== undefined;

describe.skipIf(!isInstalled)(`the server's tests on PostgreSQL${isInstalled ? '' : ' (not installed)'}`, () => {
  it('have a database each', async () => {
    const [one, other] = await Promise.all([openTestDatabase(), openTestDatabase()]);
    expect(one.dialect).toBe('postgres');
    await one.query('CREATE TABLE words (word TEXT)');
    await expect(other.query('SELECT * FROM words')).rejects.toThrow('words');
    await Promise.all([one.close(), other.close()]);
  });
});
