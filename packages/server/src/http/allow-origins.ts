/** Pages of other servers that may ask this one: none unless they are named. https://fetch.spec.whatwg.org/#http-cors-protocol */
import type { FastifyInstance } from 'fastify';

const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const requestHeaders = 'authorization, content-type, if-match, if-none-match, idempotency-key';
const responseHeaders = 'etag, location, retry-after';
const preflightSeconds = '600';

/** They send a token with each request. Cookies are for pages of the server itself, so credentials are not allowed here. */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  app.addHook('onRequest', async (request, reply) => {
    // What is kept on the way is not for another origin.
    reply.header('vary', 'origin');
    const { origin } = request.headers;
    if (origin === undefined || !origins.includes(origin)) return;
    reply.headers({ 'access-control-allow-origin': origin, 'access-control-expose-headers': responseHeaders });
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return;
    await reply
      .code(204)
      .headers({
        'access-control-allow-methods': methods,
        'access-control-allow-headers': requestHeaders,
        'access-control-max-age': preflightSeconds,
      })
      .send();
  });
}
