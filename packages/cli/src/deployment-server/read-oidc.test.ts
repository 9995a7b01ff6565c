import { describe, expect, it } from 'vitest';
import { readOidc, type OidcWords } from './read-oidc.ts';

const usual = { oidcScope: 'openid', oidcGroupsClaim: 'groups', oidcNameClaim: 'sub', oidcGrant: [] };
const grant = { group: 'developers', role: 'operate', namespaces: ['*'] } as const;
const named = { ...usual, oidcIssuer: 'https://login.example.org', oidcClientId: 'slipway' };

describe('the options of OIDC', () => {
  it('are none where no issuer is named', async () => {
    expect(await readOidc(usual)).toBeUndefined();
  });

  it('are an issuer, a client and what groups may', async () => {
    expect(await readOidc({ ...named, oidcGrant: [grant] })).toMatchObject({
      issuer: 'https://login.example.org',
      clientId: 'slipway',
      clientSecret: undefined,
      grants: [grant],
    });
  });

  it.each<{ name: string; words: OidcWords; said: string }>([
    { name: 'an issuer alone', words: { ...usual, oidcIssuer: 'https://a' }, said: 'belong together' },
    { name: 'a client alone', words: { ...usual, oidcClientId: 'slipway' }, said: 'belong together' },
    { name: 'a role alone', words: { ...usual, oidcGrant: [grant] }, said: 'belong together' },
    { name: 'nobody who may anything', words: named, said: '--oidc-grant developers=operate' },
  ])('are not $name', async ({ words, said }) => {
    await expect(readOidc(words)).rejects.toThrow(said);
  });
});
