import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { messageOf } from '@slipway/kube/message-of';
import {
  DatabaseError,
  type Database,
  type DatabaseChange,
  type DatabaseFault,
  type Row,
  type SqlValue,
  type Transaction,
} from './database.ts';
import { storable } from './storable.ts';

/** Prepared statements that are kept: more than the server has texts. */
const maximumStatements = 200;

/** A file, or `:memory:`. Creates it; its folder must be there. The file is for one server alone: a second one is refused. */
export function openSqlite(path: string): Database {
  try {
    keepPrivate(path);
    const connection = new DatabaseSync(path, { enableForeignKeyConstraints: true });
    // Exclusive, because to wait for another process would be to stand still: the calls of SQLite are synchronous.
    connection.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL');
    // A commit is on the disk before it is resolved: what the cluster may forget afterwards stands nowhere else.
    connection.exec('PRAGMA synchronous = FULL; BEGIN IMMEDIATE; COMMIT');
    return new SqliteDatabase(connection);
  } catch (error) {
    const translated = translate(error, `the database ${path} cannot be opened`);
    if (!isLocked(error)) throw translated;
    const advice = 'another server uses it. Stop that one, or let both use PostgreSQL';
    throw new DatabaseError(translated.fault, `${translated.message}: ${advice}.`, error);
  }
}

/** What is in it is for the server alone; the files beside it get the mode of this one. */
function keepPrivate(path: string): void {
  if (path === ':memory:') return;
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

/** One connection: who asks waits for the transaction that is open, so that nobody's statement slips into it. */
class SqliteDatabase implements Database {
  readonly dialect = 'sqlite';
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, ReturnType<DatabaseSync['prepare']>>();
  readonly #listeners = new Set<(change: DatabaseChange) => void>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
  }

  query(text: string, values: readonly SqlValue[] = []): Promise<readonly Row[]> {
    return this.#inTurn(() => this.#run(text, values));
  }

  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const topics = new Set<string>();
      this.#run('BEGIN IMMEDIATE', []);
      try {
        const result = await work({
          query: async (text, values = []) => this.#run(text, values),
          notify: async (topic) => {
            topics.add(topic);
          },
        });
        this.#run('COMMIT', []);
        for (const topic of topics) this.#tell({ type: 'changed', topic });
        return result;
      } catch (error) {
        // A full disk has rolled it back already.
        if (this.#connection.isTransaction) this.#run('ROLLBACK', []);
        throw error;
      }
    });
  }

  listen(listener: (change: DatabaseChange) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(): Promise<void> {
    return this.#inTurn(() => {
      this.#statements.clear();
      if (this.#connection.isOpen) this.#connection.close();
    });
  }

  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  #run(text: string, values: readonly SqlValue[]): readonly Row[] {
    try {
      const named: Record<string, SQLInputValue> = {};
      for (const [index, value] of values.entries()) named[`$${index + 1}`] = storable(value);
      return this.#prepare(text).all(named) as Row[];
    } catch (error) {
      throw translate(error, firstLine(text));
    }
  }

  #prepare(text: string): ReturnType<DatabaseSync['prepare']> {
    const kept = this.#statements.get(text);
    if (kept !== undefined) return kept;
    const statement = this.#connection.prepare(text);
    const [oldest] = this.#statements.keys();
    if (this.#statements.size >= maximumStatements && oldest !== undefined) this.#statements.delete(oldest);
    this.#statements.set(text, statement);
    return statement;
  }

  #tell(change: DatabaseChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** https://www.sqlite.org/rescode.html */
const duplicateCodes = new Set([1555, 2067]);
const fullCode = 13;
/** Malformed, and not a database at all. */
const damagedCodes = new Set([11, 26]);
/** Busy, locked, read-only, input or output, cannot open. */
const unavailableCodes = new Set([5, 6, 8, 10, 14]);

function isLocked(error: unknown): boolean {
  const { errcode = 0 } = error as { errcode?: number };
  return errcode % 256 === 5;
}

function translate(error: unknown, doing: string): DatabaseError {
  const code = (error as { errcode?: number }).errcode ?? 0;
  const reason = messageOf(error);
  return new DatabaseError(faultOf(code), `${doing}: ${reason}`, error);
}

function faultOf(code: number): DatabaseFault {
  if (duplicateCodes.has(code)) return 'duplicate';
  // The last byte is the kind, the others say more of it.
  if (code % 256 === fullCode) return 'full';
  if (damagedCodes.has(code % 256)) return 'damaged';
  return unavailableCodes.has(code % 256) ? 'unavailable' : 'other';
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
