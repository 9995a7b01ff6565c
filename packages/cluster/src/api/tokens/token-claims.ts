/** What a token of a service account says. https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens */
import { isJsonObject, type JsonObject } from '../../schema/shape.ts';
import { credentialId, type Identity } from '../authorization.ts';
import { serviceAccountGroups, serviceAccountUser, type ServiceAccountName } from '../rbac/service-account-names.ts';

export interface NamedObject {
  readonly name: string;
  readonly uid: string;
}

/** What the token ends with; none of them: only with its account. */
export interface Bound {
  readonly pod?: NamedObject | undefined;
  readonly secret?: NamedObject | undefined;
  readonly node?: NamedObject | undefined;
}

export interface TokenClaims {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly id: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly notBefore: number;
  readonly expiresAt: number;
  readonly namespace: string;
  readonly account: NamedObject;
  readonly bound: Bound;
}

const privateClaim = 'kubernetes.io';

export function formatClaims(claims: TokenClaims): JsonObject {
  const { namespace, account, bound } = claims;
  return {
    aud: claims.audiences,
    exp: claims.expiresAt,
    iat: claims.issuedAt,
    iss: claims.issuer,
    jti: claims.id,
    [privateClaim]: { namespace, serviceaccount: account, ...bound },
    nbf: claims.notBefore,
    sub: serviceAccountUser({ namespace, name: account.name }),
  };
}

/** Undefined where something is missing or of another type. */
export function parseClaims(claims: JsonObject): TokenClaims | undefined {
  const { iss: issuer, aud, jti: id, iat: issuedAt, nbf: notBefore, exp: expiresAt } = claims;
  const own = claims[privateClaim];
  if (!isText(issuer) || !isText(id) || !isNumber(issuedAt) || !isNumber(notBefore) || !isNumber(expiresAt))
    return undefined;
  if (!Array.isArray(aud) || !isJsonObject(own) || !isText(own['namespace'])) return undefined;
  const account = parseNamed(own['serviceaccount']);
  if (account === undefined) return undefined;
  const bound = {
    pod: parseNamed(own['pod']),
    secret: parseNamed(own['secret']),
    node: parseNamed(own['node']),
  };
  const { namespace } = own;
  return { issuer, audiences: aud.filter(isText), id, issuedAt, notBefore, expiresAt, namespace, account, bound };
}

function parseNamed(value: unknown): NamedObject | undefined {
  if (!isJsonObject(value)) return undefined;
  const { name, uid } = value;
  return isText(name) && isText(uid) ? { name, uid } : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

const extraPrefix = 'authentication.kubernetes.io/';

/** Who a caller with such a token is. */
export function identityOf({ namespace, account, bound, id }: TokenClaims): Identity {
  const name: ServiceAccountName = { namespace, name: account.name };
  const { pod, node } = bound;
  return {
    user: serviceAccountUser(name),
    uid: account.uid,
    groups: [...serviceAccountGroups(name), 'system:authenticated'],
    extra: {
      [credentialId]: [`JTI=${id}`],
      ...(node === undefined
        ? {}
        : { [`${extraPrefix}node-name`]: [node.name], [`${extraPrefix}node-uid`]: [node.uid] }),
      ...(pod === undefined ? {} : { [`${extraPrefix}pod-name`]: [pod.name], [`${extraPrefix}pod-uid`]: [pod.uid] }),
    },
  };
}
