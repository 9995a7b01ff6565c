import type { Clock } from '@slipway/kube/clock';
import type { Sql } from '../database/database.ts';
import type { Credentials } from './principal.ts';
import { authenticateToken, isLocalToken } from './tokens.ts';

/** Undefined for a token that does not hold. */
export type IdentifyBearer = (token: string) => Promise<Credentials | undefined>;

export interface Issuer {
  /** Whether the token says that it is of this one: nobody else gets to see it then. */
  isMeant(token: string): boolean;
  identify: IdentifyBearer;
}

export interface Issuers {
  readonly database: Sql;
  readonly clock: Clock;
  /** The first that is meant decides. */
  readonly others: readonly Issuer[];
}

/** Whose token it is. One of this server is nobody else's to see. */
export function createIdentifyBearer({ database, clock, others }: Issuers): IdentifyBearer {
  return async (token) => {
    if (isLocalToken(token)) {
      const identity = await authenticateToken(database, token, clock.now());
      return identity && { identity };
    }
    return others.find((issuer) => issuer.isMeant(token))?.identify(token);
  };
}
