import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify';
import { controlAccess } from './access.ts';
import { allowOrigins } from './allow-origins.ts';
import { answerNoPath, answerNoRequest } from './answer-no-request.ts';
import { answerWithProblems } from './answer-problems.ts';
import type { ServerContext } from './context.ts';
import { limitRequests } from './limit-requests.ts';
import { limitSlowRequests } from './slow-requests.ts';

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

const maximumBodyBytes = 1_500_000;
const requestMilliseconds = 30_000;

/** The server without a route: what holds for each of them. */
export async function buildApp(context: ServerContext): Promise<App> {
  const app = fastify({
    trustProxy: context.trustedProxies.length === 0 ? false : [...context.trustedProxies],
    bodyLimit: maximumBodyBytes,
    ...limitSlowRequests(requestMilliseconds),
    ajv: { customOptions: { allErrors: true, removeAdditional: false, coerceTypes: 'array', useDefaults: true } },
    frameworkErrors: (error, _, reply) => answerNoPath(error, reply),
    clientErrorHandler: answerNoRequest,
    routerOptions: { maxParamLength: 300, ignoreTrailingSlash: true },
  }).withTypeProvider<TypeBoxTypeProvider>();
  answerWithProblems(app, context);
  await app.register(helmet, { contentSecurityPolicy: { directives: contentSecurity, useDefaults: false } });
  await app.register(cookie);
  // What is no JSON is refused: whatever it is, it is nowhere meant, and would stand in the audit as it came.
  app.removeContentTypeParser('text/plain');
  takeEmptyBodies(app);
  await limitRequests(app, context);
  allowOrigins(app, context.corsOrigins);
  controlAccess(app, context);
  endConnections(app);
  return app;
}

/** Programs say JSON of every request that they send, also where they send none: where one is needed, its schema says so. */
function takeEmptyBodies(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null);
    else void parse(request, body, done);
  });
}

/** Once the server stops, an answer is the last on its connection: it would be waited for otherwise. */
function endConnections(app: App): void {
  let isStopping = false;
  app.addHook('preClose', async () => {
    isStopping = true;
  });
  app.addHook('onSend', async (_, reply, payload) => {
    if (isStopping) reply.header('connection', 'close');
    return payload;
  });
}

/** Everything that a page loads comes from this server. */
const contentSecurity = {
  'default-src': ["'self'"],
  'base-uri': ["'none'"],
  'connect-src': ["'self'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
  'img-src': ["'self'", 'data:'],
  'object-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
};
