/** How others outside of this server are asked about a write, and what becomes of what they change. */
import type { KubeObject } from '@slipway/kube/object';
import type { DeleteOptions } from './delete-options.ts';
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

/** What others have made of an object is read without complaints: its author has not written it. */
export function asOthersWrite(request: WriteRequest): WriteRequest {
  return { ...request, fieldValidation: 'Ignore', repeated: undefined };
}

type ExternalRequest = Pick<
  WriteRequest,
  'identity' | 'definition' | 'namespace' | 'name' | 'subresource' | 'dryRun' | 'fieldManager' | 'warn' | 'sender'
> &
  DeleteOptions;

/** How long all of them together may think about one write. */
export const maximumAskedMilliseconds = 30_000;

const optionsKinds = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const;

interface WrittenWhen extends Pick<ExternalWrite, 'old' | 'deadline'> {
  readonly operation: keyof typeof optionsKinds;
}

export function externalWrite(request: ExternalRequest, { operation, old, deadline }: WrittenWhen): ExternalWrite {
  const { identity, definition, namespace, name, subresource, dryRun, fieldManager, warn, sender } = request;
  const options = {
    kind: optionsKinds[operation],
    apiVersion: 'meta.k8s.io/v1',
    ...(dryRun ? { dryRun: ['All'] } : {}),
    ...(fieldManager === '' ? {} : { fieldManager }),
    ...deletionOptions(request),
  };
  const target = { definition, namespace, name, subresource };
  return { operation, identity, ...target, old, dryRun, options, warn, deadline, signal: sender?.signal };
}

function deletionOptions({ gracePeriodSeconds, propagationPolicy, preconditions = {} }: ExternalRequest): object {
  const given = Object.entries(preconditions).filter(([, value]) => value !== undefined);
  return {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(given.length === 0 ? {} : { preconditions: Object.fromEntries(given) }),
  };
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
