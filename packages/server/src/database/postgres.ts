import pg from 'pg';
import { delay, type Clock } from '@slipway/kube/clock';
import { silentLogger, type Logger } from '@slipway/kube/logger';
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

export interface PostgresOptions {
  /** `postgres://user:password@host:port/name`, with what else libpq takes. */
  readonly url: string;
  readonly clock: Clock;
  readonly logger?: Logger | undefined;
}

const maximumConnections = 10;
const connectMilliseconds = 5_000;
const statementMilliseconds = 30_000;
const retryMilliseconds = 1_000;
/** A transaction that lost against another is run again so often. */
const maximumAttempts = 5;
const channel = 'slipway';
/** Whole numbers of 64 bits come as text, because few of them are beyond what a number holds; ours count rows. */
const int8 = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === int8 ? Number : format === 'binary' ? pg.types.getTypeParser(oid, format) : pg.types.getTypeParser(oid),
};

/** Resolves when the database answers; rejects with a `DatabaseError` that names host and cause, never the password. */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: maximumConnections,
    connectionTimeoutMillis: connectMilliseconds,
    statement_timeout: statementMilliseconds,
    // For a server that is silent; one that is slow says so itself before.
    query_timeout: statementMilliseconds + connectMilliseconds,
    keepAlive: true,
    application_name: 'slipway-server',
    types,
  });
  const { logger = silentLogger } = options;
  // Of a connection that nobody uses just now: the pool opens another one.
  pool.on('error', (error) => logger.warn('a connection to the database was lost', { error }));
  // Of one that is in use: its query tells whoever uses it, and an error that nobody hears would end the process.
  pool.on('connect', (client) => client.on('error', (error) => logger.debug('a connection broke in use', { error })));
  const database = new PostgresDatabase(pool, options);
  try {
    await database.query('SELECT 1');
    await database.hear();
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

class PostgresDatabase implements Database {
  readonly dialect = 'postgres';
  readonly #pool: pg.Pool;
  readonly #options: PostgresOptions;
  readonly #listeners = new Set<(change: DatabaseChange) => void>();
  readonly #ended = new AbortController();
  #hearing: Promise<void> = Promise.resolve();

  constructor(pool: pg.Pool, options: PostgresOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  query(text: string, values: readonly SqlValue[] = []): Promise<readonly Row[]> {
    return run(this.#pool, text, values);
  }

  async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(work);
      } catch (error) {
        if (attempt === maximumAttempts || !lostAgainstAnother(error)) throw error;
      }
    }
  }

  listen(listener: (change: DatabaseChange) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#hearing;
    await this.#pool.end();
  }

  /** Resolves when notifications are heard; hears on, on a new connection whenever one is lost, until it is closed. */
  async hear(): Promise<void> {
    const first = await this.#subscribe();
    this.#hearing = this.#hearOn(first);
  }

  async #hearOn(first: Subscription): Promise<void> {
    const { clock, logger = silentLogger } = this.#options;
    const { signal } = this.#ended;
    let subscription: Subscription | undefined = first;
    while (!signal.aborted) {
      if (subscription !== undefined) await subscription.ended;
      if (signal.aborted) return;
      subscription = await this.#subscribe().catch(async (error: unknown) => {
        logger.warn('the database tells nothing, asking again', { error });
        await delay(clock, retryMilliseconds, signal).catch(() => undefined);
        return undefined;
      });
      if (subscription !== undefined) this.#tell({ type: 'lost' });
    }
  }

  async #subscribe(): Promise<Subscription> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw translate(error, 'connecting');
    });
    const ended = Promise.withResolvers<void>();
    const end = (): void => ended.resolve();
    client.on('error', end);
    client.on('end', end);
    client.on('notification', ({ payload = '' }) => this.#tell({ type: 'changed', topic: payload }));
    this.#ended.signal.addEventListener('abort', end, { once: true });
    if (this.#ended.signal.aborted) end();
    // Closed, not given back: who gets it next must not hear for others.
    void ended.promise.then(() => client.release(true));
    try {
      await run(client, `LISTEN ${channel}`, []);
    } catch (error) {
      end();
      throw error;
    }
    return { ended: ended.promise };
  }

  #tell(change: DatabaseChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  async #attempt<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw translate(error, 'connecting');
    });
    let broken = true;
    try {
      await run(client, 'BEGIN ISOLATION LEVEL SERIALIZABLE', []);
      const result = await work({
        query: (text, values = []) => run(client, text, values),
        notify: async (topic) => {
          await run(client, 'SELECT pg_notify($1, $2)', [channel, topic]);
        },
      });
      await run(client, 'COMMIT', []);
      broken = false;
      return result;
    } catch (error) {
      broken = await run(client, 'ROLLBACK', []).then(
        () => false,
        () => true,
      );
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

interface Subscription {
  readonly ended: Promise<void>;
}

async function run(
  client: pg.Pool | pg.PoolClient,
  text: string,
  values: readonly SqlValue[],
): Promise<readonly Row[]> {
  try {
    const { rows } = await client.query<Row>(text, values.map(storable));
    return rows;
  } catch (error) {
    throw translate(error, text.trim().split('\n')[0] ?? '');
  }
}

/** Classes and codes of https://www.postgresql.org/docs/current/errcodes-appendix.html */
function translate(error: unknown, doing: string): DatabaseError {
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  return new DatabaseError(faultOf(code), `${doing}: ${message === '' ? code : message}`, error);
}

function faultOf(code: string): DatabaseFault {
  if (code === '23505') return 'duplicate';
  if (code === '53100') return 'full';
  if (code === 'XX001' || code === 'XX002') return 'damaged';
  // Without a code, or with one of the operating system: there was no answer. 08 connection, 53 resources, 57 operator.
  return code === '' || /^(08|53|57|40|E[A-Z])/.test(code) ? 'unavailable' : 'other';
}

/** Serialization failure, deadlock, or a table that another one made meanwhile, which its snapshot did not show. */
const lostCodes = new Set(['40001', '40P01', '42P07']);

function lostAgainstAnother(error: unknown): boolean {
  const { code = '' } = (error instanceof DatabaseError ? error.cause : error) as { code?: string };
  return lostCodes.has(code);
}
