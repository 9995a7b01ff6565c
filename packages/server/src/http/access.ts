/** Who may call what: every route says what it needs, and one that does not say is refused when the server starts. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isDatabaseFault } from '../database/database.ts';
import { IssuerUnavailable } from '../identity/oidc/ask-issuer.ts';
import { identifierOf, type Permission, type Principal } from '../identity/principal.ts';
import type { Session } from '../identity/sessions.ts';
import { authenticate } from './authenticate.ts';
import type { ServerContext } from './context.ts';
import { Problem } from './problem.ts';
import { requireOwnPage } from './require-origin.ts';

export type Access =
  /** Anybody, without a login: what tells nothing, and the login itself. */
  | { readonly type: 'public' }
  /** Anybody with a login; the handler looks at each thing that it shows. */
  | { readonly type: 'login' }
  /** In the namespace that the path names, or the query. */
  | { readonly type: 'namespace'; readonly permission: Permission; readonly from?: 'query' }
  /** For the server as a whole. */
  | { readonly type: 'server'; readonly permission: Permission };

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly access?: Access;
  }
  interface FastifyRequest {
    principal: Principal;
    session: Session | undefined;
  }
}

export function controlAccess(app: FastifyInstance, context: ServerContext): void {
  const nobody = context.anonymous ?? denied;
  app.decorateRequest('principal', { getter: () => nobody });
  app.decorateRequest('session', undefined);
  app.addHook('onRoute', ({ url, config }) => {
    if (config?.access === undefined) throw new Error(`the route ${url} does not say who may call it`);
  });
  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config.access;
    if (access === undefined || access.type === 'public') return;
    const caller = await authenticate(request, context);
    // First, so that what is refused is noted as his who asked.
    identifyCaller(request, caller.principal);
    request.session = caller.session;
    requireOwnPage(request, caller, context);
    await requirePermission(request, { access, served: context.namespace }, caller.principal);
  });
}

/** Of a request that goes on for long: whether who began it is still who he was, and may still do it. */
export async function isStillAllowed(request: FastifyRequest, context: ServerContext): Promise<boolean> {
  const { access = { type: 'public' } } = request.routeOptions.config;
  try {
    const { principal } = await authenticate(request, context);
    if (identifierOf(principal.identity) !== identifierOf(request.principal.identity)) return false;
    await requirePermission(request, { access, served: context.namespace }, principal);
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    // Nobody knows just now; it is asked again.
    if (isDatabaseFault(error, 'unavailable') || error instanceof IssuerUnavailable) return true;
    throw error;
  }
}

/** From here on the request is somebody's. */
export function identifyCaller(request: FastifyRequest, principal: Principal): void {
  Object.defineProperty(request, 'principal', { value: principal, configurable: true });
}

const denied: Principal = {
  name: 'nobody',
  identity: { source: 'anonymous', name: 'nobody', grants: [] },
  may: async () => false,
};

interface Need {
  readonly access: Access;
  /** The one namespace that this server serves; absent: all of them. */
  readonly served: string | undefined;
}

async function requirePermission(
  request: FastifyRequest,
  { access, served }: Need,
  principal: Principal,
): Promise<void> {
  if (access.type === 'public' || access.type === 'login') return;
  if (access.type === 'server') return await requireAllowed(principal, access.permission);
  const { permission, from } = access;
  await requireInNamespace(principal, { permission, namespace: namespaceOf(request, from), served });
}

interface Wanted {
  readonly permission: Permission;
  readonly namespace: string;
  readonly served: string | undefined;
}

/** Also for who learns the namespace from a body. */
export async function requireInNamespace(
  principal: Principal,
  { permission, namespace, served }: Wanted,
): Promise<void> {
  await requireAllowed(principal, permission, namespace);
  if (served !== undefined && namespace !== served)
    throw new Problem(404, `this server serves namespace ${served} alone, not ${namespace}`);
}

function namespaceOf({ params, query, routeOptions }: FastifyRequest, from: 'query' | undefined): string {
  // Before the schema is asked: it may be there twice, or not at all.
  const { namespace } = (from === 'query' ? query : params) as { readonly namespace?: unknown };
  if (typeof namespace === 'string' && namespace !== '') return namespace;
  if (from === undefined) throw new Error(`the route ${routeOptions.url ?? ''} names no namespace`);
  throw new Problem(400, 'the query names no namespace, or more than one: add ?namespace=NAME', {
    errors: [{ field: 'querystring/namespace', message: 'must be given once' }],
  });
}

/** Rejects with 403, which names what is missing. */
export async function requireAllowed(principal: Principal, permission: Permission, namespace?: string): Promise<void> {
  if (await principal.may(permission, namespace)) return;
  const where = namespace === undefined ? 'the server' : `namespace ${namespace}`;
  throw new Problem(403, `${principal.name} has no role that allows to ${permission} in ${where}`);
}
