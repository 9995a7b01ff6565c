import { StatusError } from '@slipway/kube/status-error';
import type { TransportRequest } from '@slipway/kube/transport';
import { isJsonObject } from '../schema/shape.ts';
import { invalidOptions } from './api-errors.ts';

const optionsByMethod: Readonly<Record<string, string>> = {
  POST: 'CreateOptions',
  PUT: 'UpdateOptions',
  PATCH: 'PatchOptions',
  DELETE: 'DeleteOptions',
};

/** What accompanies the object of a request, as Kubernetes calls it. */
export function optionsKind(method: string): string {
  return optionsByMethod[method] ?? 'ListOptions';
}

/** Whether the request shall only be tried, as its query says or the options of a deletion in its body. */
export function isDryRun({ method, query, body }: TransportRequest): boolean {
  const inQuery = isDryRunAsked(query.getAll('dryRun'), optionsKind(method));
  const inBody = method === 'DELETE' && body !== undefined && 'json' in body ? body.json : undefined;
  return isDryRunOf(inBody) || inQuery;
}

/** The same of the options of a deletion: those in its body, or in an eviction. */
export function isDryRunOf(deleteOptions: unknown): boolean {
  const asked = isJsonObject(deleteOptions) ? (deleteOptions['dryRun'] ?? []) : [];
  if (Array.isArray(asked)) return isDryRunAsked(asked, 'DeleteOptions');
  // To take it for no wish at all would delete what was only to be tried.
  throw new StatusError(
    'BadRequest',
    `json: cannot unmarshal ${typeof asked} into Go struct field DeleteOptions.dryRun of type []string`,
  );
}

function isDryRunAsked(asked: readonly unknown[], options: string): boolean {
  if (asked.some((value) => value !== 'All')) {
    const given = asked.map((value) => JSON.stringify(value)).join(', ');
    const message = `Unsupported value: []string{${given}}: supported values: "All"`;
    throw invalidOptions(options, [{ reason: 'FieldValueNotSupported', field: 'dryRun', message }]);
  }
  return asked.length > 0;
}
