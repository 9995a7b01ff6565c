/** What a browser says of the page that makes it ask. */
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { Session } from '../identity/sessions.ts';
import { isSameText } from '../identity/secret-text.ts';
import type { Caller } from './authenticate.ts';
import type { ServerContext } from './context.ts';
import type { PublicPlace } from './public-place.ts';
import { Problem } from './problem.ts';

export const csrfHeader = 'x-slipway-csrf';
export const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A browser adds cookies, and reaches what is open to all around it, whoever's page asks: such a request has to show more. */
export function requireOwnPage(
  request: FastifyRequest,
  { principal, session }: Caller,
  { hosts, place }: Pick<ServerContext, 'hosts' | 'place'>,
): void {
  const isUpgrade = request.headers.upgrade !== undefined;
  // A page cannot add a header to a WebSocket, and every page may open one: there the browser says who does.
  if (isUpgrade && (session !== undefined || request.headers.origin !== undefined)) requireOwnOrigin(request, place);
  if (principal.identity.source === 'anonymous') requireKnownHost(request, hosts);
  if (safeMethods.has(request.method) || isUpgrade) return;
  if (session !== undefined) requireCsrf(request, session);
  else if (principal.identity.source === 'anonymous' && request.headers.origin !== undefined)
    requireOwnOrigin(request, place);
}

/** What only a page of ours can know. */
function requireCsrf({ headers }: FastifyRequest, session: Session): void {
  const given = headers[csrfHeader];
  if (typeof given === 'string' && isSameText(given, session.csrf)) return;
  throw new Problem(
    403,
    `a request by cookie that changes something needs the header ${csrfHeader} with the value of GET /api/v1/session`,
  );
}

function requireOwnOrigin({ headers, host }: FastifyRequest, place: PublicPlace): void {
  const { origin = '' } = headers;
  if (place.origin !== undefined && origin === place.origin) return;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  const whose = origin === '' ? 'one that the browser does not name' : origin;
  throw new Problem(403, `this is asked for from a page of this server, not from ${whose}`);
}

/** A name of somebody else's that leads here makes his page one of this server, as far as the browser knows. */
function requireKnownHost({ hostname }: FastifyRequest, hosts: readonly string[]): void {
  const name = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isIP(name) !== 0 || name === 'localhost' || hosts.includes(name)) return;
  throw new Problem(
    403,
    `without a login the server is asked by its address, localhost or its own name, not as ${name}: log in, or use one of those`,
  );
}
