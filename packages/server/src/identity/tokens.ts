/** Local tokens: shown once, kept as hashes. */
import type { Row, Sql } from '../database/database.ts';
import type { Grant, Identity } from './principal.ts';
import { hashSecret, isSecret } from './secret-text.ts';

/** What is drawn at random: that many bytes, as base64url. */
export type RandomText = (bytes: number) => string;

export interface NewToken {
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly createdBy: string;
  /** ISO 8601; absent: until it is revoked. */
  readonly expiresAt?: string | undefined;
}

export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt?: string | undefined;
  readonly revokedAt?: string | undefined;
  /** To within a minute. */
  readonly usedAt?: string | undefined;
}

/** Begins every token, so that scanners for leaked secrets know one. */
const prefix = 'slipway_';
const idBytes = 9;
const secretBytes = 32;
const usedAtGranularityMilliseconds = 60_000;

/** Resolves with the token itself, which is not to be had again. */
export async function createToken(
  sql: Sql,
  token: NewToken,
  given: { readonly now: number; readonly random: RandomText },
): Promise<{ readonly token: string; readonly record: TokenRecord }> {
  const id = given.random(idBytes);
  const secret = given.random(secretBytes);
  const createdAt = new Date(given.now).toISOString();
  await sql.query(
    'INSERT INTO tokens (id, name, hash, grants, created_at, created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)',
    [
      id,
      token.name,
      hashSecret(secret),
      JSON.stringify(token.grants),
      createdAt,
      token.createdBy,
      token.expiresAt ?? null,
    ],
  );
  return { token: `${prefix}${id}.${secret}`, record: { ...token, id, createdAt } };
}

/** Undefined for what is no token, or one that is over. */
export async function authenticateToken(sql: Sql, text: string, now: number): Promise<Identity | undefined> {
  const parts = parseToken(text);
  if (parts === undefined) return undefined;
  const [row] = await sql.query('SELECT * FROM tokens WHERE id = $1', [parts.id]);
  if (row === undefined || !isSecret(parts.secret, String(row['hash']))) return undefined;
  const record = parseRecord(row);
  if (isOver(record, now)) return undefined;
  if (now - Date.parse(record.usedAt ?? record.createdAt) >= usedAtGranularityMilliseconds)
    await sql.query('UPDATE tokens SET used_at = $2 WHERE id = $1', [record.id, new Date(now).toISOString()]);
  return identify(record);
}

/** Of a session that began with the token: it ends with it. */
export async function findTokenIdentity(sql: Sql, id: string, now: number): Promise<Identity | undefined> {
  const [row] = await sql.query('SELECT * FROM tokens WHERE id = $1', [id]);
  if (row === undefined) return undefined;
  const record = parseRecord(row);
  return isOver(record, now) ? undefined : identify(record);
}

export async function listTokens(sql: Sql): Promise<readonly TokenRecord[]> {
  return (await sql.query('SELECT * FROM tokens ORDER BY created_at, id')).map(parseRecord);
}

/** Whether there was such a token that could still be used. */
export async function revokeToken(sql: Sql, id: string, now: number): Promise<boolean> {
  const rows = await sql.query('UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id', [
    id,
    new Date(now).toISOString(),
  ]);
  return rows.length > 0;
}

/** Of this server, or what was meant as one. */
export function isLocalToken(text: string): boolean {
  return text.startsWith(prefix);
}

function parseToken(text: string): { readonly id: string; readonly secret: string } | undefined {
  const match = /^slipway_([\w-]{12})\.([\w-]{43})$/.exec(text);
  const [, id, secret] = match ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** A time that cannot be read is over. */
function isOver({ expiresAt, revokedAt }: TokenRecord, now: number): boolean {
  return revokedAt !== undefined || (expiresAt !== undefined && !(Date.parse(expiresAt) > now));
}

function identify({ id, name, grants }: TokenRecord): Identity {
  return { source: 'token', name, grants, tokenId: id };
}

function parseRecord(row: Row): TokenRecord {
  const text = (column: string): string | undefined => {
    const value = row[column];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    id: text('id') ?? '',
    name: text('name') ?? '',
    grants: JSON.parse(text('grants') ?? '[]') as readonly Grant[],
    createdAt: text('created_at') ?? '',
    createdBy: text('created_by') ?? '',
    expiresAt: text('expires_at'),
    revokedAt: text('revoked_at'),
    usedAt: text('used_at'),
  };
}
