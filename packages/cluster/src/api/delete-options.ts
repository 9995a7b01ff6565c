import { StatusError } from '@slipway/kube/status-error';
import type { Fault } from '../schema/definition.ts';
import { invalid, notSupported } from '../schema/faults.ts';
import { isJsonObject, type JsonObject } from '../schema/shape.ts';
import { invalidOptions } from './api-errors.ts';
import type { DeleteRequest } from './deletion.ts';
import type { Preconditions } from './write-preconditions.ts';

export interface DeleteOptions extends DeleteRequest {
  readonly preconditions?: Preconditions | undefined;
}

const policies = ['Foreground', 'Background', 'Orphan'];

/** The options of a delete, as its body says or, where that is silent, its query. Throws `BadRequest` or `Invalid`. */
export function readDeleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const options = optionsIn(body);
  const grace =
    options['gracePeriodSeconds'] ??
    (query.has('gracePeriodSeconds') ? Number(query.get('gracePeriodSeconds')) : undefined);
  if (grace !== undefined && (typeof grace !== 'number' || !Number.isInteger(grace)))
    throw new StatusError('BadRequest', 'gracePeriodSeconds must be a whole number of seconds');
  return {
    gracePeriodSeconds: grace,
    propagationPolicy: readPolicy(options, query),
    preconditions: readPreconditions(options['preconditions'] ?? {}),
  };
}

/** What says that it is something else was not meant to say how to delete. */
function optionsIn(body: unknown): JsonObject {
  if (body === undefined || body === null) return {};
  if (!isJsonObject(body)) throw new StatusError('BadRequest', 'the body of a deletion must be of kind DeleteOptions');
  const { kind = '', apiVersion = 'v1' } = body;
  if (kind === '' || kind === 'DeleteOptions') return body;
  throw new StatusError(
    'BadRequest',
    `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} as options of a deletion`,
  );
}

/** To pass over one that is no text would delete what was not to be deleted. */
function readPreconditions(given: unknown): Preconditions {
  const path = 'DeleteOptions.preconditions';
  if (!isJsonObject(given)) throw misfit(given, path, 'v1.Preconditions');
  const { uid, resourceVersion } = given;
  if (!isTextOrNone(uid)) throw misfit(uid, `${path}.uid`, 'types.UID');
  if (!isTextOrNone(resourceVersion)) throw misfit(resourceVersion, `${path}.resourceVersion`, 'string');
  return { uid: textOf(uid), resourceVersion: textOf(resourceVersion) };
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string';
}

function misfit(value: unknown, path: string, type: string): StatusError {
  const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  return new StatusError('BadRequest', `json: cannot unmarshal ${found} into Go struct field ${path} of type ${type}`);
}

function readPolicy(options: JsonObject, query: URLSearchParams): string | undefined {
  const policy = options['propagationPolicy'] ?? query.get('propagationPolicy') ?? undefined;
  const orphan = options['orphanDependents'] ?? readBoolean(query.get('orphanDependents'));
  const faults: Fault[] = [];
  if (policy !== undefined && typeof orphan === 'boolean') faults.push(invalid('propagationPolicy', policy, bothSet));
  if (policy !== undefined && !policies.some((known) => known === policy))
    faults.push(notSupported('propagationPolicy', policy, [...policies, 'nil']));
  if (faults.length > 0) throw invalidOptions('DeleteOptions', faults);
  return typeof orphan === 'boolean' ? (orphan ? 'Orphan' : 'Background') : textOf(policy);
}

const bothSet = 'orphanDependents and deletionPropagation cannot be both set';

function readBoolean(text: string | null): boolean | undefined {
  return text === null ? undefined : text !== 'false' && text !== '0';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
