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

/** The options of a delete, as its body says or, where that is silent, its query. */
export function readDeleteOptions(options: JsonObject, query: URLSearchParams): DeleteOptions {
  const grace =
    options['gracePeriodSeconds'] ??
    (query.has('gracePeriodSeconds') ? Number(query.get('gracePeriodSeconds')) : undefined);
  if (grace !== undefined && (typeof grace !== 'number' || !Number.isInteger(grace)))
    throw new StatusError('BadRequest', 'gracePeriodSeconds must be a whole number of seconds');
  const given = isJsonObject(options['preconditions']) ? options['preconditions'] : {};
  return {
    gracePeriodSeconds: grace,
    propagationPolicy: readPolicy(options, query),
    preconditions: { uid: textOf(given['uid']), resourceVersion: textOf(given['resourceVersion']) },
  };
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
