/** What a request does, in the words of RBAC. https://kubernetes.io/docs/reference/access-authn-authz/authorization/#request-verb-resource */
import type { TransportRequest } from './transport.ts';

export interface RequestAttributes {
  readonly verb: string;
  readonly group: string;
  /** `pods`, or `pods/proxy`; empty for a path that names no resource. */
  readonly resource: string;
}

type Asked = Pick<TransportRequest, 'method' | 'path' | 'query'>;

/** `GET /apis/apps/v1/namespaces/a/replicasets` is `{ verb: 'list', group: 'apps', resource: 'replicasets' }`. */
export function attributesOf(request: Asked): RequestAttributes {
  const { group, rest } = splitPath(request.path);
  const [resource = '', name, subresource] = rest;
  if (resource === '') return { verb: request.method.toLowerCase(), group: '', resource: '' };
  return {
    verb: verbOf(request, name !== undefined),
    group,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
  };
}

/** Resource, name and subresource, without the namespace that they are in. */
function splitPath(path: string): { readonly group: string; readonly rest: readonly string[] } {
  const [root, ...parts] = path.split('/').filter((part) => part !== '');
  const group = root === 'apis' ? parts.shift() : '';
  if ((root !== 'api' && root !== 'apis') || group === undefined) return { group: '', rest: [] };
  const rest = parts.slice(1);
  const isWithin = rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status' && rest[2] !== 'finalize';
  return { group, rest: isWithin ? rest.slice(2) : rest };
}

function verbOf({ method, query }: Asked, isNamed: boolean): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return isWatch(query) ? 'watch' : isNamed ? 'get' : 'list';
    case 'DELETE':
      return isNamed ? 'delete' : 'deletecollection';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    default:
      return method.toLowerCase();
  }
}

function isWatch(query: URLSearchParams): boolean {
  return query.get('watch') === 'true' || query.get('watch') === '1';
}
