import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { databaseContract } from '../../testing/database-contract.ts';
import { openSqlite } from './sqlite.ts';

describe('SQLite', () => {
  databaseContract(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-sqlite-'));
    return {
      open: async () => openSqlite(join(folder, 'server.db')),
      remove: () => rm(folder, { recursive: true }),
    };
  });

  it('names the file that cannot be opened', () => {
    expect(() => openSqlite('/nowhere/at/all.db')).toThrow('/nowhere/at/all.db');
  });

  it('is for its owner alone, with what lies beside it, also where it was open to others', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-sqlite-'));
    const path = join(folder, 'server.db');
    await writeFile(path, '', { mode: 0o644 });
    const database = openSqlite(path);
    await database.query('CREATE TABLE words (word TEXT)');
    const names = await readdir(folder);
    expect(names).toContain('server.db-wal');
    for (const name of names) expect([name, (await stat(join(folder, name))).mode & 0o777]).toEqual([name, 0o600]);
    await database.close();
    await rm(folder, { recursive: true });
  });

  it.each([
    { name: 'is no database', damage: (bytes: Buffer) => bytes.fill('x') },
    { name: 'was written over', damage: (bytes: Buffer) => bytes.fill('x', 4_096) },
  ])('says of a file that $name that it is damaged', async ({ damage }) => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-sqlite-'));
    const path = join(folder, 'server.db');
    const database = openSqlite(path);
    await database.query('CREATE TABLE words (word TEXT)');
    await database.query("INSERT INTO words VALUES ('kept')");
    await database.close();
    await writeFile(path, damage(await readFile(path)));
    const read = async () => {
      const damaged = openSqlite(path);
      await damaged.query('SELECT * FROM words').finally(() => damaged.close());
    };
    await expect(read()).rejects.toMatchObject({ fault: 'damaged' });
    await rm(folder, { recursive: true });
  });

  it('is for one server: a second one is told what to do', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-sqlite-'));
    const path = join(folder, 'server.db');
    const first = openSqlite(path);
    expect(() => openSqlite(path)).toThrow('another server uses it. Stop that one, or let both use PostgreSQL.');
    await first.close();
    await openSqlite(path).close();
    await rm(folder, { recursive: true });
  });
});
