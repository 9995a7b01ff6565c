import { StatusError } from '@slipway/kube/status-error';
import { isJsonObject, type JsonObject } from '../schema/shape.ts';
import type { DeleteRequest } from './deletion.ts';
import type { Preconditions } from './resource-verbs.ts';

export interface DeleteOptions extends DeleteRequest {
  readonly preconditions?: Preconditions | undefined;
}

/** The options of a delete, as its body says or, where that is silent, its query. */
export function readDeleteOptions(options: JsonObject, query: URLSearchParams): DeleteOptions {
  const grace =
    options['gracePeriodSeconds'] ??
    (query.has('gracePeriodSeconds') ? Number(query.get('gracePeriodSeconds')) : undefined);
  const policy =
    options['propagationPolicy'] ??
    query.get('propagationPolicy') ??
    (options['orphanDependents'] === true ? 'Orphan' : undefined);
  if (grace !== undefined && (typeof grace !== 'number' || !Number.isInteger(grace)))
    throw new StatusError('BadRequest', 'gracePeriodSeconds must be a whole number of seconds');
  if (policy !== undefined && !['Background', 'Foreground', 'Orphan'].includes(String(policy)))
    throw new StatusError(
      'Invalid',
      `DeleteOptions is invalid: propagationPolicy: Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan"`,
    );
  const given = isJsonObject(options['preconditions']) ? options['preconditions'] : {};
  return {
    gracePeriodSeconds: grace,
    propagationPolicy: textOf(policy),
    preconditions: { uid: textOf(given['uid']), resourceVersion: textOf(given['resourceVersion']) },
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
