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
