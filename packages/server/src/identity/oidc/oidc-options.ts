import { roles, type Grant, type Role } from '../principal.ts';

export interface GroupGrant extends Grant {
  /** As the issuer calls it; `*` is everybody that it knows. */
  readonly group: string;
}

/** Somebody else who says who people are. https://openid.net/specs/openid-connect-core-1_0.html */
export interface OidcOptions {
  /** `https://login.example.org`, as it stands in its tokens. */
  readonly issuer: string;
  readonly clientId: string;
  /** Absent: a public client, which proves by PKCE alone that it began. */
  readonly clientSecret?: string | undefined;
  readonly scope: string;
  readonly groupsClaim: string;
  readonly nameClaim: string;
  readonly grants: readonly GroupGrant[];
  /** After keys were fetched: for so long no key that is missing is looked for again. */
  readonly keysCooldownMilliseconds?: number | undefined;
}

/** `developers=operate`, or `developers=operate:shop,bank` for some namespaces. Undefined for what is none. */
export function parseGroupGrant(text: string): GroupGrant | undefined {
  const match = /^(?<group>.+)=(?<role>[a-z]+)(?::(?<namespaces>[a-z0-9.,-]+))?$/.exec(text);
  const { group = '', role = '', namespaces = '*' } = match?.groups ?? {};
  if (group === '' || !isRole(role)) return undefined;
  const named = namespaces.split(',');
  return named.includes('') ? undefined : { group, role, namespaces: named };
}

function isRole(text: string): text is Role {
  return roles.some((role) => role === text);
}

/** What is wrong with the address of an issuer; undefined for a good one. */
export function findIssuerFault(issuer: string): string | undefined {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (url === undefined || url.search !== '' || url.hash !== '' || url.username !== '')
    return `the issuer ${issuer} is no address: expected one such as https://login.example.org`;
  if (url.protocol === 'https:') return undefined;
  // Whoever stands between could say who anybody is.
  const isHere = url.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  return isHere ? undefined : `the issuer ${issuer} is not asked over TLS: expected https://`;
}
