/** Which methods a path takes: what discovery says, and of all namespaces together only to read. */
import { StatusError } from '@slipway/kube/status-error';
import type { ResourceDefinition } from '../schema/definition.ts';
import { subresourceVerbs } from '../schema/discovery.ts';
import { unknownPath } from './api-errors.ts';
import type { ResourcePath } from './request-path.ts';

type VerbsByMethod = Readonly<Record<string, string>>;

const ofCollection: VerbsByMethod = { GET: 'list', POST: 'create', DELETE: 'deletecollection' };
const ofEverywhere: VerbsByMethod = { GET: 'list' };
const ofObject: VerbsByMethod = { GET: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };
const ofSubresource: VerbsByMethod = { ...ofObject, POST: 'create' };

/** False also for what is no path of the resource. */
export function isServed(method: string, path: ResourcePath, definition: ResourceDefinition): boolean {
  if (!isPath(path, definition)) return false;
  // What a proxied program takes is its own business.
  if (path.subresource === 'proxy') return true;
  const verb = verbsFor(path, definition)[method];
  const verbs = path.subresource === '' ? definition.verbs : subresourceVerbs(definition, path.subresource);
  return verb !== undefined && verbs?.includes(verb) === true;
}

/** Throws `NotFound` for what is no path of the resource, and `MethodNotAllowed`. */
export function requireServed(method: string, path: ResourcePath, definition: ResourceDefinition): void {
  if (isServed(method, path, definition)) return;
  throw isPath(path, definition) ? methodNotAllowed() : unknownPath();
}

export function methodNotAllowed(): StatusError {
  return new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
}

/** What has a namespace has its objects below one; what is only created has none with a name. */
function isPath({ namespace, name, subresource }: ResourcePath, definition: ResourceDefinition): boolean {
  const { type, verbs } = definition;
  if (namespace !== undefined && !type.namespaced) return false;
  if (type.namespaced && namespace === undefined && (name !== '' || !verbs.includes('list'))) return false;
  if (name !== '' && !verbs.includes('get')) return false;
  return subresource === '' || subresourceVerbs(definition, subresource) !== undefined;
}

function verbsFor({ namespace, name, subresource }: ResourcePath, definition: ResourceDefinition): VerbsByMethod {
  if (subresource !== '') return ofSubresource;
  if (name !== '') return ofObject;
  return definition.type.namespaced && namespace === undefined ? ofEverywhere : ofCollection;
}
