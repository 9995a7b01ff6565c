/**
 * Tokens that stand in Secrets and end with them, and not in time.
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#manual-secret-management-for-serviceaccounts
 */
import type { JsonObject } from '../../schema/shape.ts';
import type { Identity } from '../authorization.ts';
import { serviceAccountGroups, serviceAccountUser } from '../rbac/service-account-names.ts';
import type { NamedObject } from './token-claims.ts';

/** What of a service account stands in which Secret. */
export interface SecretTokenClaims {
  readonly namespace: string;
  readonly account: NamedObject;
  /** The name of the Secret. */
  readonly secret: string;
}

const issuer = 'kubernetes/serviceaccount';
const prefix = 'kubernetes.io/serviceaccount';

export function formatSecretClaims({ namespace, account, secret }: SecretTokenClaims): JsonObject {
  return {
    iss: issuer,
    [`${prefix}/namespace`]: namespace,
    [`${prefix}/secret.name`]: secret,
    [`${prefix}/service-account.name`]: account.name,
    [`${prefix}/service-account.uid`]: account.uid,
    sub: serviceAccountUser({ namespace, name: account.name }),
  };
}

/** Undefined for tokens of the other kind, and where something is missing. */
export function parseSecretClaims(claims: JsonObject): SecretTokenClaims | undefined {
  const text = (name: string): string => {
    const value = claims[`${prefix}/${name}`];
    return typeof value === 'string' ? value : '';
  };
  const namespace = text('namespace');
  const secret = text('secret.name');
  const account = { name: text('service-account.name'), uid: text('service-account.uid') };
  const isWhole = [namespace, secret, account.name, account.uid].every((each) => each !== '');
  return claims['iss'] === issuer && isWhole ? { namespace, account, secret } : undefined;
}

export function secretTokenIdentity({ namespace, account }: SecretTokenClaims): Identity {
  const name = { namespace, name: account.name };
  return {
    user: serviceAccountUser(name),
    uid: account.uid,
    groups: [...serviceAccountGroups(name), 'system:authenticated'],
  };
}
