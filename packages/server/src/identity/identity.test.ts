import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { openTestDatabase } from '../../testing/test-database.ts';
import { createFirstToken } from './first-token.ts';
import type { Grant } from './principal.ts';
import { beginSession, endSession, findSession } from './sessions.ts';
import { authenticateToken, createToken, listTokens, revokeToken } from './tokens.ts';

const now = Date.parse('2026-01-01T00:00:00.000Z');
const hour = 3_600_000;
const random = (bytes: number): string => randomBytes(bytes).toString('base64url');
const grants: readonly Grant[] = [{ role: 'operate', namespaces: ['shop'] }];

let database: Database;

beforeEach(async () => {
  database = await openTestDatabase();
  await migrate(database, new Date(now).toISOString());
});
afterEach(() => database.close());

const create = (expiresAt?: string) =>
  createToken(database, { name: 'pipeline', grants, createdBy: 'admin', expiresAt }, { now, random });

describe('a token', () => {
  it('says who comes and what he may', async () => {
    const { token, record } = await create();
    expect(await authenticateToken(database, token, now)).toEqual({
      source: 'token',
      name: 'pipeline',
      grants,
      tokenId: record.id,
    });
  });

  it('stands nowhere but with whom it was shown to', async () => {
    const { token } = await create();
    const secret = token.split('.')[1] ?? '';
    const rows = await database.query('SELECT * FROM tokens');
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  it.each(['', 'slipway_', 'Bearer x', 'slipway_AAAAAAAAAAAA.short'])('is not %j', async (text) => {
    await create();
    expect(await authenticateToken(database, text, now)).toBeUndefined();
  });

  it('is not another one with its name', async () => {
    const { token } = await create();
    const forged = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    expect(await authenticateToken(database, forged, now)).toBeUndefined();
  });

  it('ends when it expires', async () => {
    const { token } = await create(new Date(now + hour).toISOString());
    expect(await authenticateToken(database, token, now + hour - 1)).toBeDefined();
    expect(await authenticateToken(database, token, now + hour)).toBeUndefined();
  });

  it('has ended where nobody can read when', async () => {
    const { token } = await create('some day');
    expect(await authenticateToken(database, token, now)).toBeUndefined();
  });

  it('ends when it is revoked, once', async () => {
    const { token, record } = await create();
    expect(await revokeToken(database, record.id, now)).toBe(true);
    expect(await authenticateToken(database, token, now)).toBeUndefined();
    expect(await revokeToken(database, record.id, now)).toBe(false);
  });

  it('shows when it was used last', async () => {
    const { token } = await create();
    await authenticateToken(database, token, now + hour);
    expect((await listTokens(database))[0]?.usedAt).toBe(new Date(now + hour).toISOString());
  });
});

describe('the first token', () => {
  const begin = (keep: (token: string) => Promise<void>) => createFirstToken(database, { now, random, keep });

  it('counts once it is kept, and is made once', async () => {
    await expect(begin(() => Promise.reject(new Error('the disk is full')))).rejects.toThrow('the disk is full');
    expect(await listTokens(database)).toEqual([]);
    const kept: string[] = [];
    for (let start = 0; start < 2; start += 1)
      await begin(async (token) => {
        kept.push(token);
      });
    expect(kept).toHaveLength(1);
    expect(await authenticateToken(database, kept[0] ?? '', now)).toMatchObject({ name: 'admin' });
  });
});

describe('a session', () => {
  async function begin() {
    const { token, record } = await create();
    const identity = await authenticateToken(database, token, now);
    if (identity === undefined) throw new Error('the token is not known');
    return { ...(await beginSession(database, { identity }, { now, random })), tokenId: record.id };
  }

  it('is who began it', async () => {
    const { secret, session } = await begin();
    expect(await findSession(database, secret, now)).toEqual(session);
  });

  it('ends with its token', async () => {
    const { secret, tokenId } = await begin();
    await revokeToken(database, tokenId, now);
    expect(await findSession(database, secret, now)).toBeUndefined();
  });

  it('ends when it is left, and with time', async () => {
    const { secret } = await begin();
    expect(await findSession(database, secret, now + 12 * hour)).toBeUndefined();
    await endSession(database, secret);
    expect(await findSession(database, secret, now)).toBeUndefined();
  });

  it('stands in the database as a hash', async () => {
    const { secret } = await begin();
    expect(JSON.stringify(await database.query('SELECT * FROM sessions'))).not.toContain(secret);
  });
});
