/** What is answered where something goes wrong. */
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import { problemPage } from '../pages/problem-page.ts';
import type { ServerContext } from './context.ts';
import { findProblem, Problem } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Browsers are led here by a link: who looks at one is told with a page what went wrong. */
    readonly answersPeople?: true;
  }
  interface FastifyInstance {
    /** Path of the stylesheet of pages that the server writes itself. */
    pageStyle: string;
  }
}

export function answerWithProblems(app: FastifyInstance, { logger }: ServerContext): void {
  app.decorate('pageStyle', '/api/reference.css');
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = findProblem(error);
    if (known === undefined || known.status >= 500)
      logger.error('request failed', { method: request.method, url: request.routeOptions.url, error });
    const problem = known ?? new Problem(500, 'an error of the server; its log says more');
    reply.code(problem.status).headers(problem.headers);
    if (!wantsPage(request)) return reply.type(problemType).send(JSON.stringify(problem.toDetails()));
    return reply
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(problemPage(problem, app.pageStyle));
  });
  app.setNotFoundHandler((request, reply) => {
    const problem = new Problem(404, `there is nothing at ${request.method} ${request.url.split('?')[0] ?? ''}`);
    return reply.code(404).type(problemType).send(JSON.stringify(problem.toDetails()));
  });
}

export const problemType = 'application/problem+json';

/** A program takes anything and names no page. */
function wantsPage({ routeOptions, headers }: FastifyRequest): boolean {
  return routeOptions.config.answersPeople === true && /\btext\/html\b/i.test(headers.accept ?? '');
}
