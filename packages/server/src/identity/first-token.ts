import type { Database } from '../database/database.ts';
import { createToken, type RandomText } from './tokens.ts';

interface Beginning {
  readonly now: number;
  readonly random: RandomText;
  /** Puts the token where its owner finds it. May be called again, with another one, where that was not committed. */
  readonly keep: (token: string) => Promise<void>;
}

/**
 * Makes the token of an admin, where there was never any token. It counts once it is kept and not before: a token that
 * nobody can read would shut everybody out for good.
 */
export async function createFirstToken(database: Database, { keep, ...given }: Beginning): Promise<void> {
  await database.transaction(async (transaction) => {
    // Of servers that start together one makes the token; the others see it.
    if (database.dialect === 'postgres') await transaction.query('LOCK TABLE tokens IN EXCLUSIVE MODE');
    const [row] = await transaction.query('SELECT id FROM tokens LIMIT 1');
    if (row !== undefined) return;
    const grants = [{ role: 'admin' as const, namespaces: ['*'] }];
    const { token } = await createToken(transaction, { name: 'admin', grants, createdBy: 'the first start' }, given);
    await keep(token);
  });
}
