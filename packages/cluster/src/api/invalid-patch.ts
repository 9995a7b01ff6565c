/** What is said of a patch that makes of an object what its kind has no place for. */
import { StatusError } from '@slipway/kube/status-error';
import { isJsonObject, UndecodableError } from '../schema/shape.ts';
import type { PatchKind } from './patches.ts';

export interface SentPatch {
  readonly kind: Exclude<PatchKind, 'apply'>;
  readonly body: unknown;
}

/** Of the value, which may be a whole object, as much as somebody reads. */
const maximumValueLength = 2_000;

/** Decodes what a patch makes of an object. What is a bad request of an object that is sent is told as a fault of the patch. */
export function decodePatched<T>(patch: SentPatch, result: unknown, decode: (result: unknown) => T): T {
  try {
    return decode(result);
  } catch (error) {
    const isFault = error instanceof StatusError && error.reason === 'BadRequest';
    throw isFault ? invalidPatch(patch, result, error) : error;
  }
}

/**
 * As Kubernetes says it: 422 for whatever is wrong with the result, which a create is told with 400, of a kind and a name that
 * are empty, and with the result or, of a strategic patch, the patch as Go writes a map.
 */
function invalidPatch({ kind, body }: SentPatch, result: unknown, why: StatusError): StatusError {
  const value = kind === 'strategic' ? goText(body) : JSON.stringify(result);
  const shown = value.length > maximumValueLength ? `${value.slice(0, maximumValueLength)}...` : value;
  const message = `Invalid value: ${JSON.stringify(shown)}: ${why instanceof UndecodableError ? why.why : why.message}`;
  return new StatusError('Invalid', ` "" is invalid: patch: ${message}`, {
    cause: why,
    details: { causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }] },
  });
}

/** `map[spec:map[replicas:three]]` */
function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isJsonObject(value)) return value === null || value === undefined ? '<nil>' : String(value);
  const members = Object.keys(value).toSorted();
  return `map[${members.map((name) => `${name}:${goText(value[name])}`).join(' ')}]`;
}
