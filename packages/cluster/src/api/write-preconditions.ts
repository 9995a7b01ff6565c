/** Which object, and which version of it, a write means. */
import type { KubeObject } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';
import type { ResourceDefinition } from '../schema/definition.ts';
import { invalid } from '../schema/faults.ts';
import { conflict, invalidObject, staleObject } from './api-errors.ts';
import type { Target } from './resource-store.ts';

export interface Preconditions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

export function checkUid(
  current: KubeObject,
  uid: string | undefined,
  { definition, name }: { readonly definition: ResourceDefinition; readonly name: string },
): void {
  if (uid === undefined || uid === '' || uid === current.metadata.uid) return;
  throw conflict(
    definition.type,
    name,
    `StorageError: invalid object, Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid ?? ''}`,
  );
}

/** What is written is what the path names. */
export function requireSameName({ metadata }: KubeObject, { name, namespace = '' }: Target): void {
  const given = metadata.name ?? '';
  if (given !== '' && given !== name)
    throw new StatusError(
      'BadRequest',
      `the name of the object (${given}) does not match the name on the URL (${name})`,
    );
  const within = metadata.namespace ?? '';
  if (namespace !== '' && within !== '' && within !== namespace)
    throw new StatusError(
      'BadRequest',
      `the namespace of the object (${within}) does not match the namespace on the request (${namespace})`,
    );
}

/** Which one an object is never changes. */
export function requireSameIdentity({ metadata }: KubeObject, current: KubeObject, { type }: ResourceDefinition): void {
  const uid = metadata.uid ?? '';
  if (uid === '' || uid === current.metadata.uid) return;
  throw invalidObject(type, current.metadata.name ?? '', [invalid('metadata.uid', uid, 'field is immutable')]);
}

/** What is applied to another object, or to another version of it, than its author has seen changes nothing. */
export function checkMeant(
  live: KubeObject | undefined,
  { uid = '', resourceVersion = '' }: Pick<KubeObject['metadata'], 'uid' | 'resourceVersion'>,
  request: Target,
): void {
  const { name, definition } = request;
  const { type } = definition;
  if (live !== undefined) checkUid(live, uid, request);
  else if (uid !== '')
    throw conflict(
      type,
      name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    );
  if (resourceVersion !== '' && resourceVersion !== live?.metadata.resourceVersion)
    throw conflict(type, name, staleObject);
}

/** Kubernetes names the kind here, where other conflicts name the resource. */
export function checkPreconditions(
  { metadata }: KubeObject,
  { definition, name, preconditions = {} }: Target & { readonly preconditions?: Preconditions | undefined },
): void {
  const resource = { ...definition.type, plural: definition.type.kind };
  const { uid, resourceVersion } = preconditions;
  if (uid !== undefined && uid !== metadata.uid)
    throw conflict(
      resource,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid ?? ''}). The object might have been deleted and then recreated`,
    );
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw conflict(
      resource,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion ?? ''}). The object might have been modified`,
    );
}
