/** How others outside of this server are asked about a write, and what becomes of what they change. */
import type { KubeObject } from '@slipway/kube/object';
import type { ExternalWrite } from './external-admission.ts';
import type { WriteRequest } from './write-request.ts';

/** Somebody else has changed the object while others were asked about the write. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError';
}

/** The status of built-in kinds is believed. */
export function isJudged({ definition, subresource }: WriteRequest): boolean {
  return subresource !== 'status' || definition.validatesStatus === true;
}

type ExternalRequest = Pick<
  WriteRequest,
  'identity' | 'definition' | 'namespace' | 'name' | 'subresource' | 'dryRun' | 'fieldManager' | 'warn'
>;

const optionsKinds = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const;

export function externalWrite(
  { identity, definition, namespace, name, subresource, dryRun, fieldManager, warn }: ExternalRequest,
  { operation, old }: Pick<ExternalWrite, 'operation' | 'old'>,
): ExternalWrite {
  const options = {
    kind: optionsKinds[operation],
    apiVersion: 'meta.k8s.io/v1',
    ...(dryRun ? { dryRun: ['All'] } : {}),
    ...(fieldManager === '' ? {} : { fieldManager }),
  };
  return { operation, identity, definition, namespace, name, subresource, old, dryRun, options, warn };
}

/** Of an object that is to be created only these can be given by others; who it is belongs to the server. */
const givenByOthers = ['annotations', 'finalizers', 'labels', 'ownerReferences'] as const;

export function withGivenMetadata(
  own: KubeObject['metadata'],
  changed: KubeObject['metadata'],
): KubeObject['metadata'] {
  const { annotations: _, finalizers: __, labels: ___, ownerReferences: ____, ...kept } = own;
  const given = givenByOthers.flatMap((field) => (changed[field] === undefined ? [] : [[field, changed[field]]]));
  return { ...kept, ...Object.fromEntries(given) };
}
