/** The failures of the API in the words of Kubernetes. */
import type { ResourceType } from '@slipway/kube/object';
import { StatusError, type StatusCause } from '@slipway/kube/status-error';

type Resource = Pick<ResourceType, 'group' | 'plural' | 'kind'>;

/** `pods`, `deployments.apps`. */
function qualified({ group, plural }: Resource): string {
  return group === '' ? plural : `${plural}.${group}`;
}

export function notFound(resource: Resource, name: string): StatusError {
  return new StatusError('NotFound', `${qualified(resource)} "${name}" not found`, {
    details: { name, group: resource.group, kind: resource.plural },
  });
}

export function alreadyExists(resource: Resource, name: string): StatusError {
  return new StatusError('AlreadyExists', `${qualified(resource)} "${name}" already exists`, {
    details: { name, group: resource.group, kind: resource.plural },
  });
}

export function conflict(resource: Resource, name: string, why: string): StatusError {
  return new StatusError('Conflict', `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`, {
    details: { name, group: resource.group, kind: resource.plural },
  });
}

export const staleObject =
  'the object has been modified; please apply your changes to the latest version and try again';

export function invalidObject(resource: Resource, name: string, causes: readonly StatusCause[]): StatusError {
  const kind = resource.group === '' ? resource.kind : `${resource.kind}.${resource.group}`;
  const lines = causes.map(({ field, message }) => `${field ?? ''}: ${message}`);
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  return new StatusError('Invalid', `${kind} "${name}" is invalid: ${text}`, {
    details: { name: name === '' ? undefined : name, group: resource.group, kind: resource.kind, causes },
  });
}

/** Of what accompanies a request: `ListOptions`, `DeleteOptions`. */
export function invalidOptions(kind: string, causes: readonly StatusCause[]): StatusError {
  return invalidObject({ group: 'meta.k8s.io', plural: kind, kind }, '', causes);
}

export function applyConflict(causes: readonly StatusCause[]): StatusError {
  return new StatusError('Conflict', conflictMessage(causes), { details: { causes } });
}

function conflictMessage(causes: readonly StatusCause[]): string {
  if (causes.length === 1)
    return `Apply failed with 1 conflict: ${causes[0]?.message ?? ''}: ${causes[0]?.field ?? ''}`;
  const byManager = Object.entries(Object.groupBy(causes, ({ message }) => message ?? ''));
  const lines = byManager
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([message, own = []]) => [
      `${message.replace('conflict', 'conflicts')}:`,
      ...own.map(({ field }) => `- ${field ?? ''}`),
    ]);
  return `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`;
}

export function forbidden(resource: Resource, name: string, why: string): StatusError {
  return new StatusError('Forbidden', `${qualified(resource)} "${name}" is forbidden: ${why}`, {
    details: { name, group: resource.group, kind: resource.plural },
  });
}

/** A version that nothing has yet: of another cluster, or of this one before it was set up anew. */
export function tooLargeVersion(asked: number, current: number): StatusError {
  return new StatusError('Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  });
}

export function unknownPath(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource');
}
