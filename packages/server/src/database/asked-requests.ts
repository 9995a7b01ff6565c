import type { Sql } from './database.ts';

/** A key is remembered for so long: an outcome is not, once enough others have come. */
const keptMilliseconds = 7 * 86_400_000;
/** With its answer, which may hold a secret, not as long. */
const answerMilliseconds = 86_400_000;

/** Those whose time is over; of servers that see the same, each may. */
export async function forgetRequests(sql: Sql, now: number): Promise<void> {
  const before = (milliseconds: number): string => new Date(now - milliseconds).toISOString();
  await sql.query('DELETE FROM asked_requests WHERE at < $1 OR (at < $2 AND answer IS NOT NULL)', [
    before(keptMilliseconds),
    before(answerMilliseconds),
  ]);
}

export interface AskedRequest {
  readonly name: string;
  /** Of what is asked. */
  readonly hash: string;
  readonly now: number;
}

export interface NotedRequest {
  /** Of what was asked first under that name. */
  readonly hash: string;
  readonly at: number;
  readonly answer: string | undefined;
  readonly isNew: boolean;
}

/** Takes over what was noted then and never answered: of several that do, one is the first. */
export async function takeOverRequest(
  sql: Sql,
  { name, since, now }: { readonly name: string; readonly since: number; readonly now: number },
): Promise<boolean> {
  const taken = await sql.query(
    'UPDATE asked_requests SET at = $3 WHERE name = $1 AND at = $2 AND answer IS NULL RETURNING name',
    [name, new Date(since).toISOString(), new Date(now).toISOString()],
  );
  return taken.length > 0;
}

/** The hash of what was asked under that name. */
export async function findRequest(sql: Sql, name: string): Promise<string | undefined> {
  const [row] = await sql.query('SELECT hash FROM asked_requests WHERE name = $1', [name]);
  return row === undefined ? undefined : String(row['hash']);
}

/** Of several that ask at once under a name, one is the first. */
export async function noteRequest(sql: Sql, { name, hash, now }: AskedRequest): Promise<NotedRequest> {
  const inserted = await sql.query(
    'INSERT INTO asked_requests (name, hash, at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING RETURNING name',
    [name, hash, new Date(now).toISOString()],
  );
  const [row] = await sql.query('SELECT hash, answer, at FROM asked_requests WHERE name = $1', [name]);
  const answer = row?.['answer'];
  return {
    hash: String(row?.['hash']),
    at: Date.parse(String(row?.['at'])),
    answer: typeof answer === 'string' ? answer : undefined,
    isNew: inserted.length > 0,
  };
}
