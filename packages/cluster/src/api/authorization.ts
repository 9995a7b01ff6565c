import { StatusError } from '@slipway/kube/status-error';
import type { ResourcePath } from './request-path.ts';

export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
}

export const adminIdentity: Identity = { user: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };
export const anonymous: Identity = { user: 'system:anonymous', groups: ['system:unauthenticated'] };

export function nodeIdentity(name: string): Identity {
  return { user: `system:node:${name}`, groups: ['system:nodes', 'system:authenticated'] };
}

/** Components of the cluster itself, by name. */
export function componentIdentity(name: string): Identity {
  return { user: `system:${name}`, groups: ['system:masters', 'system:authenticated'] };
}

const trustedGroups = ['system:masters', 'system:nodes'];

const verbsByMethod: Readonly<Record<string, string>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** The cluster's own groups may do everything, others nothing. */
export function mayDoEverything({ groups }: Identity): boolean {
  return groups.some((group) => trustedGroups.includes(group));
}

/** Throws `Forbidden` unless the caller may. Whoever is known may ask about himself. */
export function authorize(
  identity: Identity,
  request: { readonly path: ResourcePath; readonly method: string; readonly isReview?: boolean | undefined },
): void {
  const { path, method, isReview } = request;
  const { user, groups } = identity;
  if (mayDoEverything(identity) || (isReview === true && groups.includes('system:authenticated'))) return;
  const verb = method === 'GET' && path.name === '' ? 'list' : (verbsByMethod[method] ?? method.toLowerCase());
  const resource = path.subresource === '' ? path.plural : `${path.plural}/${path.subresource}`;
  const scope = path.namespace === undefined ? 'at the cluster scope' : `in the namespace "${path.namespace}"`;
  const subject = path.group === '' ? resource : `${resource}.${path.group}`;
  const name = path.name === '' ? '' : ` "${path.name}"`;
  throw new StatusError(
    'Forbidden',
    `${subject}${name} is forbidden: User "${user}" cannot ${verb} resource "${resource}" in API group "${path.group}" ${scope}`,
  );
}
