/** Links that log a browser in, once: whoever may read a token need not paste it into a page. */
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { identifyCaller } from '../http/access.ts';
import { findCaller, unauthorized } from '../http/authenticate.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { logIn } from '../http/session-cookie.ts';
import { beginLogin, endLogin } from '../identity/pending-logins.ts';
import type { Identity } from '../identity/principal.ts';
import { findTokenIdentity } from '../identity/tokens.ts';
import { answerOnce, onceDescription } from './answer-once.ts';
import { IdempotencyHeaders } from './create-once.ts';
import { pagedProblems, problems } from './schemas.ts';

const tags = ['session'];
const kind = 'link';
const lifetimeMilliseconds = 60_000;
const attemptsPerMinute = 30;

export function addLoginLinkRoutes(app: App, context: ServerContext): void {
  addMaking(app, context);
  addFollowing(app, context);
}

function addMaking(app: App, context: ServerContext): void {
  const { clock, random } = context;
  app.post(
    '/api/v1/session/links',
    {
      config: { access: { type: 'login' } },
      schema: {
        tags,
        summary: 'A link that logs a browser in as who asks, once and within a minute',
        description: onceDescription,
        headers: IdempotencyHeaders,
        response: {
          201: Type.Object({
            path: Type.String({ description: 'On this server.' }),
            expiresAt: Type.String({ format: 'date-time' }),
          }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { identity, name: principalName } = request.principal;
      // Of any other one the end is not ours to see: links would carry it on for ever.
      if (identity.source !== 'token')
        throw new Problem(403, `only who has a token of this server gets a link, not ${principalName}`);
      const login = { kind, content: identity, lifetimeMilliseconds };
      return await answerOnce({ request, reply }, context, {
        create: (sql) => beginLogin(sql, login, { now: clock.now(), random }),
        answer: ({ secret, expiresAt }) => ({
          status: 201,
          body: { path: `/api/v1/session/links/${secret}`, expiresAt },
        }),
      });
    },
  );
}

function addFollowing(app: App, context: ServerContext): void {
  const { database, clock, principalOf } = context;
  app.get(
    '/api/v1/session/links/:secret',
    {
      // Who only asks whether there is something must not use it up.
      exposeHeadRoute: false,
      config: {
        access: { type: 'public' },
        rateLimit: { max: attemptsPerMinute, timeWindow: 60_000 },
        answersPeople: true,
      },
      schema: {
        tags,
        summary: 'Log in by a link, and go on to the first page',
        security: [],
        params: Type.Object({ secret: Type.String({ maxLength: 100 }) }),
        response: { 303: Type.Null(), ...pagedProblems },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const { secret } = request.params;
      const kept = (await endLogin(database, { kind, secret }, clock.now())) as Identity | undefined;
      const identity = kept && (await identityNow(kept, context));
      // A browser may ask twice; the second time it is in already.
      if (identity === undefined) await requireLogin(request, context);
      else {
        identifyCaller(request, principalOf(identity));
        await logIn({ request, reply }, { identity }, context);
      }
      return reply.code(303).header('location', '/').send(null);
    },
  );
}

/** What a token allows is what it allows now, and a revoked one nothing. */
async function identityNow(kept: Identity, { database, clock }: ServerContext): Promise<Identity | undefined> {
  return kept.source === 'token' ? findTokenIdentity(database, kept.tokenId, clock.now()) : kept;
}

async function requireLogin(request: FastifyRequest, context: ServerContext): Promise<void> {
  const caller = await findCaller(request, context);
  if (caller?.session === undefined) throw unauthorized('the link is not known here, was used or has expired');
}
