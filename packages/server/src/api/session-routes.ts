import Type from 'typebox';
import { endSession } from '../identity/sessions.ts';
import { identifyCaller } from '../http/access.ts';
import { unauthorized } from '../http/authenticate.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { logIn } from '../http/session-cookie.ts';
import type { Identity } from '../identity/principal.ts';
import type { Caller } from '../http/authenticate.ts';
import { GrantSchema, presentGrants, problems } from './schemas.ts';

const tags = ['session'];
const attemptsPerMinute = 10;

export const SessionSchema = Type.Object({
  name: Type.String(),
  source: Type.String(),
  grants: Type.Optional(Type.Array(GrantSchema, { description: 'Absent where the roles of the cluster decide.' })),
  csrf: Type.Optional(Type.String({ description: 'Of who came by cookie: to be sent back as x-slipway-csrf.' })),
  expiresAt: Type.Optional(Type.String({ format: 'date-time' })),
});

/** Logging in and out, for browsers; programs send their token with each request. */
export function addSessionRoutes(app: App, context: ServerContext): void {
  const { database, identifyBearer, principalOf, place } = context;

  app.post(
    '/api/v1/session',
    {
      config: { access: { type: 'public' }, rateLimit: { max: attemptsPerMinute, timeWindow: 60_000 } },
      schema: {
        tags,
        summary: 'Log in: a cookie in place of a token',
        body: Type.Object({ token: Type.String({ minLength: 1, maxLength: 10_000 }) }, { additionalProperties: false }),
        response: { 201: SessionSchema, ...problems },
      },
    },
    async (request, reply) => {
      const credentials = await identifyBearer(request.body.token);
      if (credentials === undefined) throw unauthorized('the token is not known here, has expired or was revoked');
      identifyCaller(request, principalOf(credentials.identity));
      const session = await logIn({ request, reply }, credentials, context);
      return reply.code(201).send({ ...describe(session.identity), csrf: session.csrf, expiresAt: session.expiresAt });
    },
  );

  app.get(
    '/api/v1/session',
    {
      config: { access: { type: 'login' } },
      schema: { tags, summary: 'Who asks, and what he may', response: { 200: SessionSchema, ...problems } },
    },
    async (request) => describeCaller(request),
  );

  app.delete(
    '/api/v1/session',
    {
      config: { access: { type: 'login' } },
      schema: { tags, summary: 'Log out', response: { 204: Type.Null(), ...problems } },
    },
    async (request, reply) => {
      const secret = request.cookies[place.cookie.name];
      if (secret !== undefined) await endSession(database, secret);
      return reply
        .code(204)
        .clearCookie(place.cookie.name, { path: '/', secure: place.cookie.isSecure ?? request.protocol === 'https' })
        .send(null);
    },
  );
}

export function describeCaller({ principal, session }: Caller) {
  return {
    ...describe(principal.identity),
    ...(session === undefined ? {} : { csrf: session.csrf, expiresAt: session.expiresAt }),
  };
}

function describe(identity: Identity) {
  const { name, source } = identity;
  return { name, source, ...('grants' in identity ? { grants: presentGrants(identity.grants) } : {}) };
}
