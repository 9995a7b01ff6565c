import { readFile } from 'node:fs/promises';
import type { GroupGrant, OidcOptions } from '@slipway/server/identity/oidc/oidc-options';
import { usageFailure } from '../failure.ts';

/** As they stand on the command line. */
export interface OidcWords {
  readonly oidcIssuer?: string;
  readonly oidcClientId?: string;
  readonly oidcClientSecretFile?: string;
  readonly oidcScope: string;
  readonly oidcGroupsClaim: string;
  readonly oidcNameClaim: string;
  readonly oidcGrant: readonly GroupGrant[];
}

/** Undefined where no issuer is named. */
export async function readOidc(words: OidcWords): Promise<OidcOptions | undefined> {
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcClientSecretFile: secretFile } = words;
  if (issuer === undefined && clientId === undefined && secretFile === undefined && words.oidcGrant.length === 0)
    return undefined;
  if (issuer === undefined || clientId === undefined)
    throw usageFailure('--oidc-issuer and --oidc-client-id belong together, and the other options of OIDC to both');
  if (words.oidcGrant.length === 0)
    throw usageFailure(
      'nobody who logs in at the issuer may anything: give a group a role, such as --oidc-grant developers=operate',
    );
  return {
    issuer,
    clientId,
    clientSecret: secretFile === undefined ? undefined : (await readFile(secretFile, 'utf8')).trim(),
    scope: words.oidcScope,
    groupsClaim: words.oidcGroupsClaim,
    nameClaim: words.oidcNameClaim,
    grants: words.oidcGrant,
  };
}
