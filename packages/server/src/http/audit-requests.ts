import { delay } from '@slipway/kube/clock';
import type { FastifyRequest } from 'fastify';
import { recordAudit } from '../audit/audit.ts';
import { redact, redactBody, redactField } from '../audit/redact.ts';
import type { App } from './build-app.ts';
import type { ServerContext } from './context.ts';
import type { Problem } from './problem.ts';
import { optional } from '../optional.ts';
import { safeMethods } from './require-origin.ts';

export interface Audit {
  /** Resolves when all is noted that was under way. */
  settled(): Promise<void>;
}

/** For a handler whose caller has gone. */
const maximumWaitMilliseconds = 10_000;

/**
 * Notes every request that changes something before it is answered; those too that somebody was refused. What nobody known
 * was refused is for the log: anybody could fill the database with it.
 */
export function auditRequests(app: App, context: ServerContext): Audit {
  const pending = new Map<FastifyRequest, PromiseWithResolvers<void>>();
  app.addHook('preHandler', async (request) => {
    // From here on an answer follows, whether the caller is there to hear it or not.
    if (!safeMethods.has(request.method)) pending.set(request, Promise.withResolvers());
  });
  app.addHook('onSend', async (request, reply, payload) => {
    if (!safeMethods.has(request.method) && !request.is404 && !isDryRun(request))
      await note(request, { code: reply.statusCode, refusal: request.problem && refusalOf(request.problem) }, context);
    pending.get(request)?.resolve();
    pending.delete(request);
    return payload;
  });
  return {
    settled: async () => {
      const over = new AbortController();
      const noted = Promise.all([...pending.values()].map(({ promise }) => promise));
      await Promise.race([noted, delay(context.clock, maximumWaitMilliseconds, over.signal).catch(() => undefined)]);
      over.abort();
    },
  };
}

/**
 * Asks what would be, as a form does at every letter. Where the route knows the word it is a truth by now; where it does not,
 * it is text that says nothing.
 */
function isDryRun({ query }: FastifyRequest): boolean {
  return (query as { readonly dryRun?: unknown }).dryRun === true;
}

interface Outcome {
  readonly code: number;
  readonly refusal: string | undefined;
}

/** Those say why by what was sent, which may be a secret in a place where none belongs. */
const aboutTheBody: ReadonlySet<number> = new Set([400, 413, 415, 422]);

/** Why it was not done: of an answer that speaks of what was sent only what kind of fault it is, and which fields have it. */
function refusalOf(problem: Problem): string {
  const { status, title, detail, errors = [] } = problem.toDetails();
  if (!aboutTheBody.has(status)) return detail;
  const fields = [...new Set(errors.map(({ field }) => redactField(field)))];
  return fields.length === 0 ? title : `${title}: ${fields.join(', ')}`;
}

async function note(request: FastifyRequest, { code, refusal }: Outcome, context: ServerContext): Promise<void> {
  const { database, clock, logger } = context;
  const { method, ip: address, routeOptions, principal } = request;
  const { url } = routeOptions;
  if (principal.identity.source === 'anonymous' && code >= 400) {
    logger.warn('a request without a login was refused', { method, url, address, code });
    return;
  }
  try {
    await recordAudit(database, describe(request, { code, refusal }, clock.now()));
  } catch (error) {
    // What was done cannot be taken back: that it is not noted is told where errors are told.
    logger.error('a request could not be noted', { method, url, error });
  }
}

function describe(request: FastifyRequest, { code, refusal }: Outcome, now: number) {
  const { name, id, ...params } = request.params as Readonly<Record<string, string | undefined>>;
  const query = request.query as Readonly<Record<string, unknown>>;
  const namespace = params['namespace'] ?? (typeof query['namespace'] === 'string' ? query['namespace'] : undefined);
  return {
    at: new Date(now).toISOString(),
    principal: request.principal.name,
    address: request.ip,
    action: `${request.method} ${request.routeOptions.url ?? ''}`,
    namespace,
    subject: name ?? id,
    outcome: String(code),
    details: { ...optional('refusal', redact(refusal)), body: redactBody(request.body), query: redact(request.query) },
  };
}
