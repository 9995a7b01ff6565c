/** Logins that have begun somewhere else and are ended once: by a link that was given out, or by an issuer's answer. */
import type { Sql } from '../database/database.ts';
import { hashSecret } from './secret-text.ts';
import type { Moment } from './sessions.ts';

export interface PendingLogin {
  /** What the content is of; one kind is never taken for another. */
  readonly kind: string;
  /** What is needed to end it. */
  readonly content: object;
  readonly lifetimeMilliseconds: number;
}

const secretBytes = 32;
/** Bounded: a new one ends those that are over first, and then the oldest. */
const maximumPending = 10_000;

/** Resolves with what ends it; that is kept as a hash. */
export async function beginLogin(
  sql: Sql,
  { kind, content, lifetimeMilliseconds }: PendingLogin,
  { now, random }: Moment,
): Promise<{ readonly secret: string; readonly expiresAt: string }> {
  const createdAt = new Date(now).toISOString();
  await sql.query('DELETE FROM pending_logins WHERE expires_at <= $1', [createdAt]);
  await sql.query(
    'DELETE FROM pending_logins WHERE hash IN (SELECT hash FROM pending_logins ORDER BY created_at DESC LIMIT 1000000 OFFSET $1)',
    [maximumPending - 1],
  );
  const secret = random(secretBytes);
  const expiresAt = new Date(now + lifetimeMilliseconds).toISOString();
  await sql.query(
    'INSERT INTO pending_logins (hash, kind, content, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)',
    [hashSecret(secret), kind, JSON.stringify(content), createdAt, expiresAt],
  );
  return { secret, expiresAt };
}

/** Its content, once; undefined for one that is over, was ended before, or never began. */
export async function endLogin(
  sql: Sql,
  { kind, secret }: { readonly kind: string; readonly secret: string },
  now: number,
): Promise<unknown> {
  // One statement: of two that come together one gets it.
  const [row] = await sql.query(
    'DELETE FROM pending_logins WHERE hash = $1 AND kind = $2 RETURNING content, expires_at',
    [hashSecret(secret), kind],
  );
  if (row === undefined || !(Date.parse(String(row['expires_at'])) > now)) return undefined;
  return JSON.parse(String(row['content']));
}
