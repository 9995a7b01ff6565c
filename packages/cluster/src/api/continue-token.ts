/** The token with which a list goes on after a page, in the form that Kubernetes gives it. */
import { StatusError } from '@slipway/kube/status-error';
import { isJsonObject, type JsonObject } from '../schema/shape.ts';

export interface ContinueToken {
  /** Of the first page, so that all pages show one moment; `newest` goes on with what there is now. */
  readonly revision: number | 'newest';
  /** Where the next page begins, relative to the collection: `<namespace>/<name>`, and what follows right after it. */
  readonly start: string;
}

const tokenVersion = 'meta.k8s.io/v1';
const newestRevision = -1;

export function formatContinue({ revision, start }: ContinueToken): string {
  const rv = revision === 'newest' ? newestRevision : revision;
  return Buffer.from(JSON.stringify({ v: tokenVersion, rv, start })).toString('base64url');
}

/** Throws `BadRequest` for what no server of Kubernetes has given out. */
export function parseContinue(text: string): ContinueToken {
  const token = decode(text);
  const version = textIn(token, 'v');
  const start = textIn(token, 'start');
  const { rv = 0 } = token;
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv)) throw misfit('rv', rv, 'int64');
  if (version !== tokenVersion) throw invalidToken(`server does not recognize this encoded version ${version}`);
  if (rv === 0) throw invalidToken('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (start === '') throw invalidToken('encoded start key empty (version meta.k8s.io/v1)');
  const path = start.startsWith('/') ? start.slice(1) : start;
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) throw invalidToken(start);
  return { revision: rv < 0 ? 'newest' : rv, start: path };
}

function decode(text: string): JsonObject {
  const wrongAt = base64Fault(text);
  if (wrongAt !== undefined) throw invalidToken(`illegal base64 data at input byte ${wrongAt}`);
  let token: unknown;
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch (error) {
    throw invalidToken('it holds no JSON', error);
  }
  if (isJsonObject(token)) return token;
  throw invalidToken(`json: cannot unmarshal ${goName(token)} into Go value of type storage.continueToken`);
}

/** Where a text stops being base64 for URLs, without padding. */
function base64Fault(text: string): number | undefined {
  const wrong = text.search(/[^\w-]/);
  if (wrong >= 0) return wrong;
  // A last character by itself is six bits of a byte.
  return text.length % 4 === 1 ? text.length - 1 : undefined;
}

function textIn(token: JsonObject, field: string): string {
  const value = token[field] ?? '';
  if (typeof value !== 'string') throw misfit(field, value, 'string');
  return value;
}

function misfit(field: string, value: unknown, type: string): StatusError {
  return invalidToken(
    `json: cannot unmarshal ${goName(value)} into Go struct field continueToken.${field} of type ${type}`,
  );
}

function goName(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function invalidToken(why: string, cause?: unknown): StatusError {
  return new StatusError('BadRequest', `invalid continue token: continue key is not valid: ${why}`, { cause });
}
