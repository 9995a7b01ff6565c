/** What the server asks of a database: plain SQL that SQLite and PostgreSQL both understand. */

/** Times are ISO 8601 in UTC, which sort as text; what is structured is JSON as text; true and false are 1 and 0. */
export type SqlValue = string | number | null;
export type Row = Readonly<Record<string, SqlValue>>;

export interface Sql {
  /** `text` names its values `$1`, `$2`, …; rows come from SELECT and RETURNING. Rejects with a `DatabaseError`. */
  query(text: string, values?: readonly SqlValue[]): Promise<readonly Row[]>;
}

export interface Transaction extends Sql {
  /** Tells listeners of every server on this database, this one included, once the transaction is committed. */
  notify(topic: string): Promise<void>;
}

export const dialects = ['sqlite', 'postgres'] as const;
export type Dialect = (typeof dialects)[number];

export interface Database extends Sql {
  readonly dialect: Dialect;
  /**
   * All of it or nothing. `work` must ask by the `Transaction` that it is given and wait for nothing else; it may run more
   * than once, where another transaction came between. What is resolved is durable.
   */
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Hears what any server on this database notifies. Returns the way to stop. */
  listen(listener: (change: DatabaseChange) => void): () => void;
  close(): Promise<void>;
}

export type DatabaseChange =
  | { readonly type: 'changed'; readonly topic: string }
  /** There was no connection for a while: whatever may have changed has to be read. */
  | { readonly type: 'lost' };

export type DatabaseFault =
  /** A row with this key is there already. */
  | 'duplicate'
  /** Nobody answers: trying again later may help. */
  | 'unavailable'
  /** The same, because the disk takes nothing more. */
  | 'full'
  /** What is kept cannot be read as it was written: nothing helps but a copy of before. */
  | 'damaged'
  | 'other';

export class DatabaseError extends Error {
  readonly fault: DatabaseFault;

  constructor(fault: DatabaseFault, message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'DatabaseError';
    this.fault = fault;
  }
}

export function isDatabaseFault(error: unknown, ...faults: readonly DatabaseFault[]): boolean {
  if (!(error instanceof DatabaseError)) return false;
  return faults.includes(error.fault) || (error.fault === 'full' && faults.includes('unavailable'));
}
