import type { Role, SessionAnswer } from '../api/answers.ts';

const includes: Readonly<Record<Role, readonly Role[]>> = {
  view: ['view'],
  operate: ['view', 'operate'],
  approve: ['view', 'approve'],
  admin: ['view', 'operate', 'approve', 'admin'],
};

/**
 * What a page offers; the server decides. Without a namespace: of the server as a whole. Where the roles of the cluster
 * decide, nobody here knows, and it is offered.
 */
export function isOffered({ grants }: SessionAnswer, permission: Role, namespace?: string): boolean {
  if (grants === undefined) return true;
  return grants.some(({ role, namespaces }) => {
    const covers = namespaces.includes('*') || (namespace !== undefined && namespaces.includes(namespace));
    return covers && includes[role].includes(permission);
  });
}

/** Whether there is any namespace in which it is. */
export function isOfferedSomewhere({ grants }: SessionAnswer, permission: Role): boolean {
  return grants === undefined || grants.some(({ role }) => includes[role].includes(permission));
}
