import { isFlagSet } from '@slipway/kube/query-flag';
import { parseFieldSelector } from '@slipway/kube/selector';
import type { TransportRequest } from '@slipway/kube/transport';
import type { Attributes } from './attributes.ts';
import { parseResourcePath, type ResourcePath } from './request-path.ts';

type Asked = Pick<TransportRequest, 'method' | 'path' | 'query'>;

const verbsByMethod: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** A request in the terms of rules. https://kubernetes.io/docs/reference/access-authn-authz/authorization/#request-attributes-used-in-authorization */
export function attributesOf(request: Asked): Attributes {
  const path = parseResourcePath(request.path);
  if (path === undefined) return { kind: 'path', verb: request.method.toLowerCase(), path: request.path };
  const { group, plural: resource, subresource } = path;
  const name = path.name === '' ? selectedName(request) : path.name;
  const verb = verbOf(request, path);
  return { kind: 'resource', verb, group, resource, subresource, namespace: namespaceOf(path), name };
}

export function verbOf({ method, query }: Asked, { name }: ResourcePath): string {
  const verb = verbsByMethod[method] ?? method.toLowerCase();
  // What is asked of one object is no list, whatever a query says that may be meant for whoever stands behind it.
  if (name !== '') return verb;
  if (verb === 'get') return isFlagSet(query, 'watch') ? 'watch' : 'list';
  return verb === 'delete' ? 'deletecollection' : verb;
}

/** A namespace lies in itself, so that who rules it may read it. */
function namespaceOf({ group, plural, namespace, name }: ResourcePath): string {
  return group === '' && plural === 'namespaces' && name !== '' ? name : (namespace ?? '');
}

/** A list of the one object of that name is allowed to whoever may read that object's name. */
function selectedName({ method, query }: Asked): string {
  const selector = query.get('fieldSelector') ?? '';
  if (method !== 'GET' || selector === '') return '';
  const named = parseFieldSelector(selector).find(({ field, isEqual }) => field === 'metadata.name' && isEqual);
  return named?.value ?? '';
}
