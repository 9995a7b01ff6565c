/** Which tokens a node may ask for. https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction */
import type { Pod } from '@slipway/kube/api.generated';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { pods } from '@slipway/kube/resources';
import { conflict, forbidden } from '../api-errors.ts';
import { mayDoEverything, nodeNameOf } from '../authorization.ts';
import type { ResourceRequest } from '../resource-request.ts';

/** What of a request for a token says which object the token ends with. */
export interface BoundReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * A node gets tokens of the accounts of its own pods, which end with these pods, and no others: whoever takes over a node
 * must not become every account of the cluster by it.
 */
export function requireOwnPod(
  reference: BoundReference | undefined,
  { identity, definition, path }: Pick<ResourceRequest, 'identity' | 'definition' | 'path'>,
  find: (type: ResourceType, name: string) => KubeObject,
): void {
  if (mayDoEverything(identity) || !identity.groups.includes('system:nodes')) return;
  const refuse = (why: string) => forbidden(definition.type, path.name, why);
  const node = nodeNameOf(identity);
  if (node === undefined)
    throw refuse(`could not determine node from user ${JSON.stringify(identity.user)}: expected system:node:<name>`);
  if (reference?.apiVersion !== 'v1' || reference.kind !== 'Pod' || reference.name === '')
    throw refuse('node requested token not bound to a pod');
  if (reference.uid === '') throw refuse('node requested token with a pod binding without a uid');
  const pod: Pod = find(pods, reference.name);
  requireSameObject(reference, { type: pods, found: pod });
  if (pod.spec?.nodeName !== node) throw refuse('node requested token bound to a pod scheduled on a different node');
}

/** Throws `Conflict` where the reference names another object of the same name. */
export function requireSameObject(
  { name, uid }: BoundReference,
  { type, found }: { readonly type: ResourceType; readonly found: KubeObject },
): void {
  if (uid === '' || uid === found.metadata.uid) return;
  throw conflict(
    type,
    name,
    `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
  );
}
