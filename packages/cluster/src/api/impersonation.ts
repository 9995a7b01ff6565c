/** Requests in the name of somebody else: `kubectl --as`. https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
import { StatusError } from '@slipway/kube/status-error';
import type { ResourceAttributes } from './attributes.ts';
import { anonymous, authenticatedGroup, authorize, type Grants, type Identity } from './authorization.ts';
import { parseServiceAccountUser, serviceAccountGroups } from './rbac/service-account-names.ts';

type Headers = Readonly<Record<string, readonly string[] | undefined>>;

interface Impersonation {
  readonly user: string;
  readonly groups: readonly string[];
  readonly uid: string | undefined;
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

const extraPrefix = 'impersonate-extra-';

/** Whom the request is to be taken for: `identity` itself unless headers name another. Throws `Forbidden` unless it may. */
export function impersonate(identity: Identity, headers: Headers, grants: Grants): Identity {
  const asked = readHeaders(headers);
  if (asked === undefined) return identity;
  for (const attributes of permissionsFor(asked)) authorize(identity, attributes, grants);
  const { user, uid, extra } = asked;
  const groups = groupsOf(asked);
  return { user, groups, ...(uid === undefined ? {} : { uid }), ...(Object.keys(extra).length === 0 ? {} : { extra }) };
}

function readHeaders(headers: Headers): Impersonation | undefined {
  if (!Object.keys(headers).some((name) => name.startsWith('impersonate-'))) return undefined;
  const user = headers['impersonate-user']?.[0] ?? '';
  const groups = headers['impersonate-group'] ?? [];
  const uid = headers['impersonate-uid']?.[0];
  const extra = Object.fromEntries(
    Object.entries(headers).flatMap(([name, values = []]) =>
      name.startsWith(extraPrefix) ? [[decodeKey(name.slice(extraPrefix.length)), values] as const] : [],
    ),
  );
  if (user !== '') return { user, groups, uid, extra };
  if (groups.length === 0 && uid === undefined && Object.keys(extra).length === 0) return undefined;
  throw new StatusError(
    'BadRequest',
    'groups, a uid or extra fields are to be impersonated without a user: send the header Impersonate-User with them',
  );
}

/** Keys of extra fields may hold what no header's name can, percent-encoded. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    // Not percent-encoded after all: the text stands for itself.
    return key;
  }
}

function permissionsFor({ user, groups, uid, extra }: Impersonation): readonly ResourceAttributes[] {
  const account = parseServiceAccountUser(user);
  return [
    account === undefined
      ? permission('users', user)
      : { ...permission('serviceaccounts', account.name), namespace: account.namespace },
    ...groups.map((group) => permission('groups', group)),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => ({ ...permission('userextras', value), group: authenticationGroup, subresource: key })),
    ),
    ...(uid === undefined ? [] : [{ ...permission('uids', uid), group: authenticationGroup }]),
  ];
}

const authenticationGroup = 'authentication.k8s.io';

function permission(resource: string, name: string): ResourceAttributes {
  return { kind: 'resource', verb: 'impersonate', group: '', resource, subresource: '', namespace: '', name };
}

/** Those that everybody is in are never left out. */
function groupsOf({ user, groups }: Impersonation): readonly string[] {
  const account = parseServiceAccountUser(user);
  const given = groups.length > 0 || account === undefined ? groups : serviceAccountGroups(account);
  const everybody = user === anonymous.user ? anonymous.groups : [authenticatedGroup];
  return given.some((group) => group === authenticatedGroup || anonymous.groups.includes(group))
    ? given
    : [...given, ...everybody];
}
