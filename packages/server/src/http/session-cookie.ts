import type { FastifyReply, FastifyRequest } from 'fastify';
import { beginSession, type Session } from '../identity/sessions.ts';
import type { Credentials } from '../identity/principal.ts';
import type { ServerContext } from './context.ts';

/** Logs a browser in: it has the secret in its cookie, which no script reads and no foreign page sends. */
export async function logIn(
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  credentials: Credentials,
  { database, clock, random, place }: ServerContext,
): Promise<Session> {
  const { secret, session } = await beginSession(database, credentials, { now: clock.now(), random });
  reply.setCookie(place.cookie.name, secret, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: place.cookie.isSecure ?? request.protocol === 'https',
    expires: new Date(session.expiresAt),
  });
  return session;
}
