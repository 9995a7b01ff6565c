/** The token with which a list goes on after a page, in the form that Kubernetes gives it. */
import { StatusError } from '@slipway/kube/status-error';
import { isJsonObject } from '../schema/shape.ts';

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
  if (token['v'] !== tokenVersion)
    throw invalidToken(
      `continue key is not valid: server does not recognize this encoded version ${JSON.stringify(token['v'] ?? '')}`,
    );
  const { rv, start } = token;
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0)
    throw invalidToken('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof start !== 'string' || start === '')
    throw invalidToken('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  const path = start.startsWith('/') ? start.slice(1) : start;
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..'))
    throw invalidToken(`continue key is not valid: ${start}`);
  return { revision: rv < 0 ? 'newest' : rv, start: path };
}

function decode(text: string): Readonly<Record<string, unknown>> {
  if (!/^[\w-]*$/.test(text)) throw invalidToken('continue key is not valid: illegal base64 data');
  try {
    const token: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (isJsonObject(token)) return token;
  } catch (error) {
    throw invalidToken('continue key is not valid: it holds no JSON', error);
  }
  throw invalidToken('continue key is not valid: it holds no object');
}

function invalidToken(why: string, cause?: unknown): StatusError {
  return new StatusError('BadRequest', `invalid continue token: ${why}`, { cause });
}
