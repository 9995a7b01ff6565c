import { StatusError } from '@slipway/kube/status-error';
import type { TransportRequest } from '@slipway/kube/transport';
import { isJsonObject } from '../schema/shape.ts';

/** Whether the request shall only be tried, as its query says or the options of a deletion in its body. */
export function isDryRun({ query, body }: TransportRequest): boolean {
  const inBody =
    body !== undefined && 'json' in body && isJsonObject(body.json) && body.json['kind'] === 'DeleteOptions'
      ? body.json['dryRun']
      : undefined;
  const asked = [...query.getAll('dryRun'), ...(Array.isArray(inBody) ? inBody : [])];
  const wrong = asked.find((value) => value !== 'All' && value !== '');
  if (wrong !== undefined)
    throw new StatusError('BadRequest', `dryRun: Unsupported value: "${String(wrong)}": supported values: "All"`);
  return asked.includes('All');
}
