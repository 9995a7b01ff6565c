/** What every database of the server has to do. Runs on SQLite among the fast tests, and on PostgreSQL end to end. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Database, DatabaseChange } from '../src/database/database.ts';
import { migrate } from '../src/database/migrate.ts';
import { migrations } from '../src/database/migrations.ts';

export interface DatabaseUnderTest {
  /** The same tables each time it is called, until `remove`. */
  open(): Promise<Database>;
  remove(): Promise<void>;
}

const now = '2026-01-01T00:00:00.000Z';

export function databaseContract(create: () => Promise<DatabaseUnderTest>): void {
  let place: DatabaseUnderTest;
  let database: Database;

  beforeEach(async () => {
    place = await create();
    database = await place.open();
    await database.query('CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT, size BIGINT)');
  });

  afterEach(async () => {
    await database.close();
    await place.remove();
  });

  const add = (id: number, word: string) => database.query('INSERT INTO words (id, word) VALUES ($1, $2)', [id, word]);
  const words = async () => (await database.query('SELECT word FROM words ORDER BY id')).map(({ word }) => word);

  it('gives back what was written, text as text and numbers as numbers', async () => {
    await database.query('INSERT INTO words (id, word, size) VALUES ($1, $2, $3)', [1, "it's", 4_000_000_000]);
    const rows = await database.query('SELECT word, size, NULL AS absent FROM words WHERE id = $1', [1]);
    expect(rows).toEqual([{ word: "it's", size: 4_000_000_000, absent: null }]);
  });

  it('takes a text with what no text can hold, and keeps the rest', async () => {
    await add(1, 'before\0after');
    expect(await words()).toEqual(['before\u{FFFD}after']);
    expect(await database.query('SELECT id FROM words WHERE word = $1', ['before\0after'])).toEqual([{ id: 1 }]);
  });

  it('uses a value in several places', async () => {
    expect(await database.query('SELECT CAST($1 AS TEXT) AS a, CAST($1 AS TEXT) AS b', ['x'])).toEqual([
      { a: 'x', b: 'x' },
    ]);
  });

  it('counts into numbers', async () => {
    await add(1, 'one');
    expect(await database.query('SELECT count(*) AS count FROM words')).toEqual([{ count: 1 }]);
  });

  it('keeps all of a transaction', async () => {
    await database.transaction(async (sql) => {
      await sql.query("INSERT INTO words (id, word) VALUES (1, 'one')");
      await sql.query("INSERT INTO words (id, word) VALUES (2, 'two')");
    });
    expect(await words()).toEqual(['one', 'two']);
  });

  it('keeps nothing of a transaction that fails, and passes its error on', async () => {
    const failing = database.transaction(async (sql) => {
      await sql.query("INSERT INTO words (id, word) VALUES (1, 'one')");
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await words()).toEqual([]);
    await add(1, 'again');
    expect(await words()).toEqual(['again']);
  });

  it('lets no other statement into a transaction', async () => {
    const entered = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const failing = database.transaction(async (sql) => {
      await sql.query("INSERT INTO words (id, word) VALUES (1, 'inside')");
      entered.resolve();
      await go.promise;
      throw new Error('rolled back');
    });
    await entered.promise;
    const outside = add(2, 'outside');
    go.resolve();
    await expect(failing).rejects.toThrow('rolled back');
    await outside;
    expect(await words()).toEqual(['outside']);
  });

  it('lets transactions that read and then write lose nothing of each other', async () => {
    await add(1, '');
    const append = (letter: string) =>
      database.transaction(async (sql) => {
        const [row] = await sql.query('SELECT word FROM words WHERE id = 1');
        await sql.query('UPDATE words SET word = $1 WHERE id = 1', [`${String(row?.['word'])}${letter}`]);
      });
    await Promise.all([append('a'), append('b'), append('c')]);
    expect([...String((await words())[0])].sort()).toEqual(['a', 'b', 'c']);
  });

  it('says that a key is there already', async () => {
    await add(1, 'one');
    await expect(add(1, 'again')).rejects.toMatchObject({ name: 'DatabaseError', fault: 'duplicate' });
  });

  it('names the statement that cannot be', async () => {
    await expect(database.query('SELECT nothing FROM nowhere')).rejects.toThrow('SELECT nothing FROM nowhere');
  });

  it('tells listeners once a transaction is committed, and not before', async () => {
    const heard: DatabaseChange[] = [];
    const told = Promise.withResolvers<void>();
    database.listen((change) => {
      heard.push(change);
      told.resolve();
    });
    let heardInside = -1;
    await database.transaction(async (sql) => {
      await sql.notify('releases');
      await sql.notify('releases');
      heardInside = heard.length;
    });
    await told.promise;
    expect(heardInside).toBe(0);
    expect(heard).toEqual([{ type: 'changed', topic: 'releases' }]);
  });

  it('tells nobody of a transaction that failed', async () => {
    const heard: DatabaseChange[] = [];
    const told = Promise.withResolvers<void>();
    database.listen((change) => {
      heard.push(change);
      told.resolve();
    });
    const failing = database.transaction(async (sql) => {
      await sql.notify('failed');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await database.transaction((sql) => sql.notify('done'));
    await told.promise;
    expect(heard).toEqual([{ type: 'changed', topic: 'done' }]);
  });

  it('keeps what it has over a restart', async () => {
    await add(1, 'one');
    await database.close();
    database = await place.open();
    expect(await words()).toEqual(['one']);
  });

  it('makes its tables once', async () => {
    await migrate(database, now);
    await migrate(database, now);
    const rows = await database.query('SELECT number FROM migrations ORDER BY number');
    expect(rows).toEqual(migrations.map(({ number }) => ({ number })));
  });

  it('refuses tables of a newer server, and leaves them as they are', async () => {
    const newer = {
      number: migrations.length + 1,
      name: 'of tomorrow',
      statements: () => ['CREATE TABLE tomorrow (id INTEGER)'],
    };
    await migrate(database, now, [...migrations, newer]);
    await expect(migrate(database, now)).rejects.toThrow('newer server');
  });

  it('changes nothing when one step of a migration fails', async () => {
    const broken = {
      number: 1,
      name: 'broken',
      statements: () => ['CREATE TABLE half (id INTEGER)', 'CREATE NONSENSE'],
    };
    await expect(migrate(database, now, [broken])).rejects.toThrow('NONSENSE');
    await expect(database.query('SELECT * FROM half')).rejects.toThrow('half');
    await migrate(database, now);
  });
}
