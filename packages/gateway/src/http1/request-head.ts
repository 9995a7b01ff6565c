import { assertCleanText, type Field, isToken, listMembers, neverHopByHop, parseFields } from './fields.ts';
import { declaredFraming, type Framing, noBody } from './framing.ts';
import { ProtocolError } from './protocol-error.ts';

export interface RequestHead {
  readonly method: string;
  /** In origin form, as it is forwarded; `*` for a request about the server. */
  readonly target: string;
  /** Without the query. */
  readonly path: string;
  /** In lower case without the port; empty if an HTTP/1.0 client sent none. */
  readonly host: string;
  /** As it was sent, with the port. */
  readonly authority: string;
  readonly minorVersion: number;
  readonly fields: readonly Field[];
  /** What the Connection header names, in lower case. */
  readonly connection: readonly string[];
  readonly framing: Framing;
  readonly keepAlive: boolean;
  /** The value of Upgrade, if the client asks to leave HTTP. */
  readonly upgrade: string | undefined;
}

const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([!-~]+) HTTP\/1\.([01])$/;
const absoluteForm = /^https?:\/\/([^/?#]*)([^#]*)$/i;
const validAuthority = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** `text` is the head in latin1 without the empty line at its end. Throws `ProtocolError`. */
export function parseRequestHead(text: string): RequestHead {
  assertCleanText(text);
  const lineEnd = text.indexOf('\r\n');
  const line = requestLine.exec(lineEnd < 0 ? text : text.slice(0, lineEnd));
  if (line === null) throw invalidRequestLine(text);
  const [, method = '', rawTarget = '', minor = '1'] = line;
  const minorVersion = Number(minor);
  const fields = lineEnd < 0 ? [] : parseFields(text, lineEnd + 2);
  const { target, authority } = resolveTarget(method, rawTarget, hostOf(fields, minorVersion));
  const connection = connectionMembers(fields);
  const query = target.indexOf('?');
  return {
    method,
    target,
    path: query < 0 ? target : target.slice(0, query),
    host: hostName(authority),
    authority,
    minorVersion,
    fields,
    connection,
    framing: declaredFraming(fields, minorVersion) ?? noBody,
    keepAlive: minorVersion === 1 ? !connection.includes('close') : connection.includes('keep-alive'),
    upgrade: minorVersion === 1 && connection.includes('upgrade') ? upgradeOf(fields) : undefined,
  };
}

/** HTTP/2 by upgrade is obsolete (RFC 9113, 3.1), and a way for more requests past every rule: it is answered in HTTP/1.1. */
function upgradeOf(fields: readonly Field[]): string | undefined {
  const wanted = valueOf(fields, 'upgrade');
  return wanted === undefined || listMembers(wanted).some((member) => /^h2c?$/.test(member)) ? undefined : wanted;
}

/** Throws `ProtocolError` if one of them must reach every recipient. */
export function connectionMembers(fields: readonly Field[]): readonly string[] {
  let members: string[] = [];
  for (const field of fields) {
    if (field.key === 'connection') members = members.concat(listMembers(field.value));
  }
  const forbidden = members.find((member) => neverHopByHop.includes(member));
  if (forbidden !== undefined) throw new ProtocolError(`a Connection header that names ${forbidden}`);
  return members;
}

export function valueOf(fields: readonly Field[], key: string): string | undefined {
  for (const field of fields) if (field.key === key) return field.value;
  return undefined;
}

function invalidRequestLine(text: string): ProtocolError {
  const parts = (text.split('\r\n', 1)[0] ?? '').split(' ');
  const isOtherVersion =
    parts.length === 3 && isToken(parts[0] ?? '') && /^HTTP\/(?!1\.[01]$)\d\.\d$/.test(parts[2] ?? '');
  return isOtherVersion
    ? new ProtocolError('an HTTP version other than 1.0 and 1.1', 505)
    : new ProtocolError('a request line that is not "method target HTTP/1.1"');
}

/** Two Hosts, or none in HTTP/1.1, leave open which application is meant. */
function hostOf(fields: readonly Field[], minorVersion: number): string {
  let host: string | undefined;
  for (const { key, value } of fields) {
    if (key !== 'host') continue;
    if (host !== undefined) throw new ProtocolError('more than one Host');
    host = value;
  }
  if (host === undefined && minorVersion === 1) throw new ProtocolError('no Host');
  if (host !== undefined && host !== '' && !validAuthority.test(host)) throw new ProtocolError('an invalid Host');
  return host ?? '';
}

function resolveTarget(method: string, target: string, host: string): { target: string; authority: string } {
  if (target.startsWith('/')) {
    if (target.includes('#')) throw new ProtocolError('a fragment in the request target');
    return { target, authority: host };
  }
  if (target === '*' && method === 'OPTIONS') return { target, authority: host };
  const absolute = absoluteForm.exec(target);
  if (absolute === null) throw new ProtocolError('a request target that is neither a path nor an http URL');
  const [, authority = '', rest = ''] = absolute;
  // RFC 9112, 3.2.2 lets the target win; a Host that differs is an attempt to be read in two ways.
  if (!validAuthority.test(authority) || authority.toLowerCase() !== host.toLowerCase()) {
    throw new ProtocolError('a request target that names another host than Host');
  }
  return { target: rest.startsWith('/') ? rest : `/${rest}`, authority };
}

function hostName(authority: string): string {
  if (authority.startsWith('[')) return authority.slice(0, authority.indexOf(']') + 1).toLowerCase();
  const colon = authority.indexOf(':');
  const name = (colon < 0 ? authority : authority.slice(0, colon)).toLowerCase();
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
