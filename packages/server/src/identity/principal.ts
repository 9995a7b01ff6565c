/** Who asks, and what that allows. Pure. */

/** `operate` and `approve` stand beside each other, so that who releases need not be who agrees. */
export const roles = ['view', 'operate', 'approve', 'admin'] as const;
export type Role = (typeof roles)[number];

/** What a request needs; of the namespace that it is about, or of the server as a whole. */
export type Permission = Role;

export interface Grant {
  readonly role: Role;
  /** `*` is all of them, and the server as a whole. */
  readonly namespaces: readonly string[];
}

/** Who somebody is, as data: it can be kept with a session. */
export type Identity =
  | { readonly source: 'token'; readonly name: string; readonly grants: readonly Grant[]; readonly tokenId: string }
  | { readonly source: 'oidc' | 'anonymous' | 'webhook'; readonly name: string; readonly grants: readonly Grant[] }
  /** May here what the roles of the cluster say. */
  | {
      readonly source: 'kubernetes';
      readonly name: string;
      readonly groups: readonly string[];
      readonly uid?: string | undefined;
      readonly extra?: Readonly<Record<string, readonly string[]>> | undefined;
    };

/** What a token showed of who sent it. */
export interface Credentials {
  readonly identity: Identity;
  /** In milliseconds: a login that begins with it is over then. */
  readonly expiresAt?: number | undefined;
}

/** No two callers have the same: names of tokens may be. */
export function identifierOf(identity: Identity): string {
  return `${identity.source}\n${identity.source === 'token' ? identity.tokenId : identity.name}`;
}

export interface Principal {
  /** As it stands in audit and in commands. */
  readonly name: string;
  readonly identity: Identity;
  /** Without a namespace: of the server as a whole. */
  may(permission: Permission, namespace?: string): Promise<boolean>;
}

const permissionsOf: Readonly<Record<Role, readonly Permission[]>> = {
  view: ['view'],
  operate: ['view', 'operate'],
  approve: ['view', 'approve'],
  admin: roles,
};

export function isAllowed(grants: readonly Grant[], permission: Permission, namespace?: string): boolean {
  return grants.some(({ role, namespaces }) => {
    const covers = namespaces.includes('*') || (namespace !== undefined && namespaces.includes(namespace));
    return covers && permissionsOf[role].includes(permission);
  });
}

/** Answers for who may what the roles of the cluster say. */
export type AskCluster = (
  identity: Extract<Identity, { readonly source: 'kubernetes' }>,
  permission: Permission,
  namespace?: string,
) => Promise<boolean>;

export function principalOf(identity: Identity, askCluster: AskCluster): Principal {
  return {
    name: identity.name,
    identity,
    may: async (permission, namespace) =>
      identity.source === 'kubernetes'
        ? askCluster(identity, permission, namespace)
        : isAllowed(identity.grants, permission, namespace),
  };
}

/** Of who comes without a login. */
export function anonymousIdentity(role: Role): Identity {
  return { source: 'anonymous', name: 'anonymous', grants: [{ role, namespaces: ['*'] }] };
}

/** Of those namespaces the ones that are covered. */
export async function coveredNamespaces(
  principal: Principal,
  permission: Permission,
  namespaces: Iterable<string>,
): Promise<readonly string[]> {
  const asked = await Promise.all(
    [...namespaces].map(async (namespace) => ({ namespace, isCovered: await principal.may(permission, namespace) })),
  );
  return asked.filter(({ isCovered }) => isCovered).map(({ namespace }) => namespace);
}
