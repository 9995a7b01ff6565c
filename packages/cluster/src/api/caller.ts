/** Who asks: a certificate of the connection, a token, or whom either of them may speak for. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { StatusError } from '@slipway/kube/status-error';
import type { ClusterCertificates } from '../pki/certificates.ts';
import type { ApiServer } from './api-server.ts';
import { adminIdentity, anonymous, credentialId, type Identity } from './authorization.ts';
import { impersonate } from './impersonation.ts';
import type { ReceivedRequest } from './received-request.ts';
import { socketToken } from './socket-request.ts';

export interface CallerOptions {
  readonly api: ApiServer;
  /** With certificates: callers say who they are. */
  readonly certificates?: ClusterCertificates | undefined;
  /** Without: everybody who can open the socket is this. */
  readonly identity?: Identity | undefined;
}

/**
 * Fails with `Unauthorized` for what proves nothing, and with `Forbidden` for whom the caller may not speak for. At once
 * where nobody has to be asked: each promise on the way of a request costs as much as some of its steps.
 */
export function callerOf(request: ReceivedRequest, options: CallerOptions): Identity | Promise<Identity> {
  const { grants } = options.api;
  const identity = identify(request, options);
  return identity instanceof Promise
    ? identity.then((known) => impersonate(known, request.impersonation, grants))
    : impersonate(identity, request.impersonation, grants);
}

/** A wrong token or certificate is refused; none at all makes an anonymous caller. */
function identify(
  { headers, authorization, socket }: ReceivedRequest,
  options: CallerOptions,
): Identity | Promise<Identity> {
  const { api, certificates, identity } = options;
  if (certificates === undefined) return identity ?? anonymous;
  if (authorization !== '' && proven.get(socket) === authorization) return adminIdentity;
  const bearer = /^Bearer (.+)$/i.exec(authorization)?.[1];
  const token = bearer ?? socketToken({ headers });
  if (token !== undefined) {
    if (!isSameSecret(token, certificates.adminToken)) return authenticated(token, api);
    if (token === bearer) proven.set(socket, authorization);
    return adminIdentity;
  }
  if (!(socket instanceof TLSSocket) || !socket.authorized) return anonymous;
  const known = certified.get(socket) ?? identityOf(socket);
  certified.set(socket, known);
  return known;
}

async function authenticated(token: string, { tokens }: ApiServer): Promise<Identity> {
  const known = await tokens.authenticate(token);
  if (known !== undefined) return known;
  throw new StatusError('Unauthorized', 'Unauthorized');
}

/** A connection keeps its certificate, and taking that apart costs as much as many a request. */
const certified = new WeakMap<TLSSocket, Identity>();

function identityOf(socket: TLSSocket): Identity {
  const { subject, fingerprint256 } = socket.getPeerCertificate();
  const groups = [subject?.O ?? []].flat();
  return {
    user: [subject?.CN ?? ''].flat()[0] ?? '',
    groups: [...groups, 'system:authenticated'],
    extra: { [credentialId]: [`X509SHA256=${fingerprint256.replaceAll(':', '').toLowerCase()}`] },
  };
}

/**
 * The field that held the token of the administrator, which stays the same: what a connection has proven once it need not
 * prove with each request.
 */
const proven = new WeakMap<Socket, string>();

/** Hashes have one length and are compared in constant time. */
function isSameSecret(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
