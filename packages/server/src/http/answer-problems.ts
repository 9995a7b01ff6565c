/** What is answered where something goes wrong. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { noIcon, problemPage, type PageLook } from '../pages/problem-page.ts';
import type { ServerContext } from './context.ts';
import { collectPaths } from './known-paths.ts';
import { findProblem, Problem } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Browsers are led here by a link: who looks at one is told with a page what went wrong. */
    readonly answersPeople?: true;
  }
  interface FastifyInstance {
    /** Of pages that the server writes itself. */
    pageLook: PageLook;
    /** Tells whoever looks for a page where there is none; absent: there are no pages. */
    pageOfNothing: ((reply: FastifyReply) => FastifyReply) | undefined;
  }
  interface FastifyRequest {
    /** What was answered, where something went wrong. */
    problem: Problem | undefined;
  }
}

export function answerWithProblems(app: FastifyInstance, { logger }: ServerContext): void {
  app.decorate('pageLook', { style: '/api/reference.css', icon: noIcon });
  app.decorate('pageOfNothing', undefined);
  app.decorateRequest('problem', undefined);
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = findProblem(error);
    if (known === undefined || known.status >= 500)
      logger.error('request failed', { method: request.method, url: request.routeOptions.url, error });
    return sendProblem(known ?? new Problem(500, 'an error of the server; its log says more'), request, reply);
  });
  const known = collectPaths(app);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const problem = unanswered({ method: request.method, path, allowed: known.methodsOf(path) });
    const send = problem.status === 404 && looksForPage(request) ? app.pageOfNothing : undefined;
    if (send === undefined) return sendProblem(problem, request, reply);
    request.problem = problem;
    return send(reply.code(404).headers({ 'cache-control': 'no-store', vary: 'accept, accept-encoding' }));
  });
}

function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  request.problem = problem;
  reply.code(problem.status).headers(problem.headers);
  if (!wantsPage(request)) return reply.type(problemType).send(JSON.stringify(problem.toDetails()));
  return reply
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(problemPage(problem, request.server.pageLook));
}

interface Unanswered {
  readonly method: string;
  readonly path: string;
  /** At that path. */
  readonly allowed: readonly string[];
}

function unanswered({ method, path, allowed }: Unanswered): Problem {
  if (allowed.length === 0) return new Problem(404, `there is nothing at ${method} ${path}`);
  const allow = allowed.join(', ');
  return new Problem(405, `${path} takes no ${method}: ask by ${allow}`, { headers: { allow } });
}

export const problemType = 'application/problem+json';

function wantsPage(request: FastifyRequest): boolean {
  return request.routeOptions.config.answersPeople === true && takesPages(request);
}

/** Below these are the places of programs, whoever asks. */
const programPlaces = /^\/(api|hooks|compat)\b/;

function looksForPage(request: FastifyRequest): boolean {
  return takesPages(request) && ['GET', 'HEAD'].includes(request.method) && !programPlaces.test(request.url);
}

/** A program takes anything and names no page. */
function takesPages({ headers }: FastifyRequest): boolean {
  return /\btext\/html\b/i.test(headers.accept ?? '');
}
