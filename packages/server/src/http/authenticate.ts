import type { FastifyRequest } from 'fastify';
import type { Principal } from '../identity/principal.ts';
import { findSession, type Session } from '../identity/sessions.ts';
import type { ServerContext } from './context.ts';
import { Problem } from './problem.ts';

export interface Caller {
  readonly principal: Principal;
  /** Of who comes with a cookie. */
  readonly session?: Session | undefined;
}

/** Rejects with 401 for who says nothing, and for who says what is not known. */
export async function authenticate(request: FastifyRequest, context: ServerContext): Promise<Caller> {
  const token = bearerToken(request);
  if (token !== undefined) return { principal: await authenticateBearer(token, context) };
  const secret = request.cookies[context.place.cookie.name];
  if (secret !== undefined) {
    const session = await findSession(context.database, secret, context.clock.now());
    if (session !== undefined) return { principal: context.principalOf(session.identity), session };
  }
  if (context.anonymous !== undefined) return { principal: context.anonymous };
  throw unauthorized(secret === undefined ? 'a login is needed' : 'the login has ended');
}

/** Undefined for who says nothing, or what is not known: he is told how to log in. */
export async function findCaller(request: FastifyRequest, context: ServerContext): Promise<Caller | undefined> {
  return authenticate(request, context).catch((error: unknown) => {
    if (error instanceof Problem) return undefined;
    throw error;
  });
}

async function authenticateBearer(token: string, context: ServerContext): Promise<Principal> {
  const credentials = await context.identifyBearer(token);
  if (credentials === undefined) throw unauthorized('the token is not known here, has expired or was revoked');
  return context.principalOf(credentials.identity);
}

/** A client that knows no other way gives it as a password, under any name: in its URL, say. */
function bearerToken({ headers }: FastifyRequest): string | undefined {
  const [, scheme = '', credentials] = /^(Bearer|Basic) +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (credentials === undefined || scheme.toLowerCase() === 'bearer') return credentials;
  // A browser would add a password to what any page asks for.
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return undefined;
  return /^[^:]*:(.+)$/s.exec(Buffer.from(credentials, 'base64').toString())?.[1];
}

export function unauthorized(detail: string): Problem {
  return new Problem(401, `${detail}: send Authorization: Bearer TOKEN, or log in with POST /api/v1/session`, {
    headers: { 'www-authenticate': 'Bearer realm="slipway"' },
    forPeople: detail,
  });
}
