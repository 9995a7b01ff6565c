import type { JWTPayload } from 'jose';
import type { Identity } from '../principal.ts';
import type { OidcOptions } from './oidc-options.ts';

/** So that nobody can be called what a token of this server, or an account of the cluster, is called. */
const prefix = 'oidc:';

/** Who somebody is by what his issuer says, and what his groups may. */
export function identityOfClaims(
  claims: JWTPayload,
  { nameClaim, groupsClaim, grants }: Pick<OidcOptions, 'nameClaim' | 'groupsClaim' | 'grants'>,
): Identity {
  const groups = ['*', ...textsOf(claims[groupsClaim])];
  return {
    source: 'oidc',
    name: `${prefix}${nameOf(claims, nameClaim)}`,
    grants: grants.flatMap(({ group, role, namespaces }) => (groups.includes(group) ? [{ role, namespaces }] : [])),
  };
}

function nameOf(claims: JWTPayload, nameClaim: string): string {
  const name = claims[nameClaim];
  // An address that nobody has shown to be his is not what he is called.
  const isOthers = nameClaim === 'email' && claims['email_verified'] !== true;
  return typeof name === 'string' && name !== '' && !isOthers ? name : (claims.sub ?? '');
}

/** Issuers give a single group as text, too. */
function textsOf(claim: unknown): readonly string[] {
  return [claim].flat().filter((each): each is string => typeof each === 'string');
}
