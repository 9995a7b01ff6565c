import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RouteSessions } from '../routing/routing-table.ts';

/** A session, which is the same in every version, and the Service that it stays with. */
export interface Session {
  readonly id: string;
  readonly service: string;
}

const idLength = 22;
/** An id, a name of a Service, a SHA-256, and two dots. */
const maxLength = idLength + 63 + 43 + 2;
const form = /^([A-Za-z0-9_-]{22})\.([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.([A-Za-z0-9_-]{43})$/;

/** `<id>.<service>.<signature>`. */
export function formatSession(sessions: RouteSessions, session: Session): string {
  return `${session.id}.${session.service}.${sign(sessions, session)}`;
}

/** Undefined: not written by us, or not for this rule. */
export function readSession(sessions: RouteSessions, value: string): Session | undefined {
  if (value.length > maxLength) return undefined;
  const [, id = '', service = '', signature = ''] = form.exec(value) ?? [];
  if (signature === '') return undefined;
  const expected = sign(sessions, { id, service });
  // As text, so that of the ways to write the same bytes only ours will do.
  return timingSafeEqual(Buffer.from(signature), Buffer.from(expected)) ? { id, service } : undefined;
}

/** `random` gives numbers from 0 to 1. Nobody gains by guessing one: it is worth nothing without its signature. */
export function newSessionId(random: () => number): string {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256));
  return Buffer.from(bytes).toString('base64url');
}

function sign({ key, scope, cookie }: RouteSessions, { id, service }: Session): string {
  return createHmac('sha256', key).update([scope, cookie, id, service].join('\n')).digest('base64url');
}
