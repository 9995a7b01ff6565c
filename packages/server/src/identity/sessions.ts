/** Logins of browsers: a cookie in place of the token that began it, so that no script of a page ever holds one. */
import type { Sql } from '../database/database.ts';
import type { Credentials, Identity } from './principal.ts';
import { hashSecret } from './secret-text.ts';
import { findTokenIdentity, type RandomText } from './tokens.ts';

export interface Session {
  readonly identity: Identity;
  /** To be sent back with everything that changes something: a foreign page can send the cookie, and cannot read this. */
  readonly csrf: string;
  readonly expiresAt: string;
}

const secretBytes = 32;
const lifetimeMilliseconds = 12 * 3_600_000;
/** Logins are bounded: a new one ends those that are over first. */
const maximumSessions = 10_000;

export interface Moment {
  readonly now: number;
  readonly random: RandomText;
}

/** Resolves with what goes into the cookie. */
export async function beginSession(
  sql: Sql,
  { identity, expiresAt: latest = Infinity }: Credentials,
  { now, random }: Moment,
): Promise<{ readonly secret: string; readonly session: Session }> {
  await sql.query('DELETE FROM sessions WHERE expires_at <= $1', [new Date(now).toISOString()]);
  await sql.query(
    `DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions ORDER BY created_at DESC LIMIT 1000000 OFFSET $1)`,
    [maximumSessions - 1],
  );
  const tokenId = identity.source === 'token' ? identity.tokenId : null;
  const [secret, csrf] = [random(secretBytes), random(secretBytes)];
  const expiresAt = new Date(Math.min(now + lifetimeMilliseconds, latest)).toISOString();
  await sql.query(
    'INSERT INTO sessions (hash, identity, token_id, csrf, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)',
    [hashSecret(secret), JSON.stringify(identity), tokenId, csrf, new Date(now).toISOString(), expiresAt],
  );
  return { secret, session: { identity, csrf, expiresAt } };
}

/** Undefined for one that is over, or whose token is. */
export async function findSession(sql: Sql, secret: string, now: number): Promise<Session | undefined> {
  const [row] = await sql.query('SELECT identity, csrf, expires_at FROM sessions WHERE hash = $1', [
    hashSecret(secret),
  ]);
  const expiresAt = String(row?.['expires_at'] ?? '');
  // A time that cannot be read is over.
  if (row === undefined || !(Date.parse(expiresAt) > now)) return undefined;
  const kept = JSON.parse(String(row['identity'])) as Identity;
  // What a token allows is what it allows now.
  const identity = kept.source === 'token' ? await findTokenIdentity(sql, kept.tokenId, now) : kept;
  return identity && { identity, csrf: String(row['csrf']), expiresAt };
}

export async function endSession(sql: Sql, secret: string): Promise<void> {
  await sql.query('DELETE FROM sessions WHERE hash = $1', [hashSecret(secret)]);
}
