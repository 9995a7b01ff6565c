/** Logging in at an issuer: authorization code with PKCE, whose end is a login here. */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { recordAudit } from '../audit/audit.ts';
import { identifyCaller } from '../http/access.ts';
import { findCaller } from '../http/authenticate.ts';
import type { App } from '../http/build-app.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { logIn } from '../http/session-cookie.ts';
import type { OidcProvider } from '../identity/oidc/oidc-provider.ts';
import { beginLogin, endLogin } from '../identity/pending-logins.ts';
import type { Credentials } from '../identity/principal.ts';
import { hashSecret, isSecret } from '../identity/secret-text.ts';
import { pagedProblems, problems } from './schemas.ts';
import { describeCaller, SessionSchema } from './session-routes.ts';

const tags = ['session'];
const kind = 'oidc';
const lifetimeMilliseconds = 600_000;
const secretBytes = 32;
const path = '/api/v1/session/oidc';
const callbackPath = `${path}/callback`;
const rateLimit = { max: 30, timeWindow: 60_000 };

/** What has to be known again when the browser comes back. */
interface Begun {
  readonly verifier: string;
  readonly nonce: string;
  readonly redirectUri: string;
  /** Hash of what the browser that began it has in a cookie: nobody ends his own login in somebody else's. */
  readonly browser: string;
}

export function addOidcRoutes(app: App, context: ServerContext): void {
  const { oidc } = context;
  app.get(
    '/api/v1/session/methods',
    {
      config: { access: { type: 'public' } },
      schema: {
        tags,
        summary: 'How to log in, and who has',
        security: [],
        response: {
          200: Type.Object({
            token: Type.Literal(true),
            oidc: Type.Optional(
              Type.Object({ issuer: Type.String(), path: Type.String({ description: 'Where a browser begins.' }) }),
            ),
            session: Type.Optional(SessionSchema),
          }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const caller = await findCaller(request, context);
      return {
        token: true as const,
        ...(oidc === undefined ? {} : { oidc: { issuer: oidc.issuer, path } }),
        ...(caller === undefined ? {} : { session: describeCaller(caller) }),
      };
    },
  );
  if (oidc === undefined) return;
  addBeginning(app, context, oidc);
  addEnding(app, context, oidc);
}

function addBeginning(app: App, context: ServerContext, oidc: OidcProvider): void {
  const { database, clock, random, place } = context;
  app.get(
    path,
    {
      exposeHeadRoute: false,
      config: { access: { type: 'public' }, rateLimit, answersPeople: true },
      schema: {
        tags,
        summary: 'Log in at the issuer',
        security: [],
        response: { 303: Type.Null(), ...pagedProblems },
      },
    },
    async (request, reply) => {
      const [verifier, nonce, browser] = [random(secretBytes), random(secretBytes), random(secretBytes)];
      const redirectUri = `${place.origin ?? `${request.protocol}://${request.host}`}${callbackPath}`;
      const content: Begun = { verifier, nonce, redirectUri, browser: hashSecret(browser) };
      const login = { kind, content, lifetimeMilliseconds };
      const { secret: state } = await beginLogin(database, login, { now: clock.now(), random });
      const challenge = createHash('sha256').update(verifier).digest('base64url');
      const url = await oidc.loginUrl({ state, nonce, challenge, redirectUri });
      reply.setCookie(loginCookie(context), browser, cookieOptions(request, context));
      return reply.code(303).headers({ location: url, 'cache-control': 'no-store' }).send(null);
    },
  );
}

const CallbackQuery = Type.Object({
  state: Type.String({ minLength: 1, maxLength: 200 }),
  code: Type.Optional(Type.String({ maxLength: 4_000 })),
  error: Type.Optional(Type.String({ maxLength: 200 })),
  iss: Type.Optional(Type.String({ maxLength: 2_000 })),
});

function addEnding(app: App, context: ServerContext, oidc: OidcProvider): void {
  const { principalOf } = context;
  app.get(
    callbackPath,
    {
      exposeHeadRoute: false,
      config: { access: { type: 'public' }, rateLimit, answersPeople: true },
      schema: {
        tags,
        summary: 'Come back from the issuer, and go on to the first page',
        security: [],
        querystring: CallbackQuery,
        response: { 303: Type.Null(), ...pagedProblems },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const begun = await takeBegun(request, context, request.query.state);
      reply.clearCookie(loginCookie(context), cookieOptions(request, context));
      const { code, error, iss } = request.query;
      // https://www.rfc-editor.org/rfc/rfc9207: what another issuer answers is not sent to this one.
      if (iss !== undefined && iss !== oidc.issuer) throw refused('another issuer has answered');
      if (code === undefined) throw refused(`the issuer ${describeRefusal(error)}`);
      const credentials = await oidc.redeem({ ...begun, code });
      if (credentials === undefined) throw refused('the issuer does not confirm it; its log says why');
      identifyCaller(request, principalOf(credentials.identity));
      await noteLogin(request, context);
      return enter({ request, reply }, credentials, context);
    },
  );
}

/** Once, and by the browser that began. */
async function takeBegun(request: FastifyRequest, context: ServerContext, state: string): Promise<Begun> {
  const { database, clock } = context;
  const begun = (await endLogin(database, { kind, secret: state }, clock.now())) as Begun | undefined;
  const browser = request.cookies[loginCookie(context)] ?? '';
  if (begun === undefined || !isSecret(browser, begun.browser))
    throw refused('it was not begun in this browser, has ended or took too long');
  return begun;
}

async function enter(
  exchange: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  credentials: Credentials,
  context: ServerContext,
): Promise<FastifyReply> {
  await logIn(exchange, credentials, context);
  return exchange.reply.code(303).header('location', '/').send(null);
}

/** A login is a change, although a browser asks for it by GET. */
async function noteLogin(request: FastifyRequest, { database, clock }: ServerContext): Promise<void> {
  await recordAudit(database, {
    at: new Date(clock.now()).toISOString(),
    principal: request.principal.name,
    address: request.ip,
    action: `GET ${callbackPath}`,
    namespace: undefined,
    subject: undefined,
    outcome: '303',
    details: {},
  });
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1, of which a word is repeated and nothing longer. */
function describeRefusal(error = ''): string {
  if (error === 'access_denied')
    return 'denies it (access_denied): whoever administers it says who may use this server';
  return /^\w{1,60}$/.test(error) ? `answers ${error}` : 'answers without a code';
}

function refused(why: string): Problem {
  const detail = `the login did not succeed: ${why}`;
  return new Problem(401, `${detail}. Begin again at ${path}`, { forPeople: `${detail}. Begin again.` });
}

function loginCookie({ place }: ServerContext): string {
  return place.cookie.name.replace(/session$/, 'login');
}

/** It comes along when the issuer sends the browser back, which is another site: so not strict. */
function cookieOptions({ protocol }: FastifyRequest, { place }: ServerContext) {
  return {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: place.cookie.isSecure ?? protocol === 'https',
    maxAge: lifetimeMilliseconds / 1_000,
  } as const;
}
