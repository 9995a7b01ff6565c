import { STATUS_CODES } from '@slipway/kube/platform/http';
import { isHopByHop } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';

export interface ClientFacts {
  readonly address: string;
  readonly protocol: 'http' | 'https';
}

/** By it an application can tell a copy, for example not to send a mail. */
export const mirrorMark = 'X-Slipway-Mirror';

/**
 * Set by us, in lower case: what a client says in them about itself, or about its request, is not believed. To many
 * applications `_` in a name is the same as `-`.
 */
export const ownHeaderPattern = '^(forwarded|x[-_]forwarded[-_](for|host|port|proto)|x[-_]slipway[-_]mirror)$';
const ownHeader = new RegExp(ownHeaderPattern);

/** The head as the backend gets it, in latin1; `added` are whole lines. */
export function formatRequestHead(request: RequestHead, client: ClientFacts, added = ''): string {
  let head = `${request.method} ${request.target} HTTP/1.1\r\n`;
  for (const { name, key, value } of request.fields) {
    if (isHopByHop(key, request.connection) || isOwnHeader(key)) continue;
    head += `${name}: ${value}\r\n`;
  }
  // HTTP/1.0 knows no Host, HTTP/1.1 demands one.
  if (request.authority === '' && request.minorVersion === 0) head += 'Host:\r\n';
  if (request.framing.kind === 'chunked') head += 'Transfer-Encoding: chunked\r\n';
  if (acceptsTrailers(request)) head += 'TE: trailers\r\n';
  head += `${added}X-Forwarded-For: ${client.address}\r\nX-Forwarded-Proto: ${client.protocol}\r\nX-Forwarded-Host: ${request.authority}\r\n`;
  return request.upgrade === undefined
    ? `${head}Connection: keep-alive\r\n\r\n`
    : `${head}Connection: Upgrade\r\nUpgrade: ${request.upgrade}\r\n\r\n`;
}

/** Most headers need no closer look. */
function isOwnHeader(key: string): boolean {
  return (key.startsWith('x') || key.startsWith('f')) && ownHeader.test(key);
}

function acceptsTrailers(request: RequestHead): boolean {
  return (
    request.connection.includes('te') &&
    request.fields.some((field) => field.key === 'te' && /\btrailers\b/i.test(field.value))
  );
}

/** How the body reaches the client. */
export type ResponseFraming = 'asReceived' | 'chunked' | 'untilClose';

export interface ResponseHeadOptions {
  readonly framing: ResponseFraming;
  readonly keepAlive: boolean;
  /** HTTP/1.0 clients must be told that the connection stays. */
  readonly minorVersion: number;
  /** Replace what the backend says, by name. */
  readonly headers: ReadonlyMap<string, string>;
  /** A whole line beside what the backend sets. */
  readonly setCookie?: string | undefined;
  readonly encoding?: 'gzip' | undefined;
}

export function formatResponseHead(response: ResponseHead, options: ResponseHeadOptions): string {
  const { framing, headers, encoding } = options;
  let head = `HTTP/1.1 ${response.status} ${response.reason}\r\n`;
  for (const { name, key, value } of response.fields) {
    if (isHopByHop(key, response.connection) || isReplaced(key, options)) continue;
    head += key === 'etag' && encoding !== undefined ? `${name}: ${weakened(value)}\r\n` : `${name}: ${value}\r\n`;
  }
  if (headers.size > 0) for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  if (options.setCookie !== undefined) head += options.setCookie;
  if (encoding !== undefined) head += `Content-Encoding: ${encoding}\r\nVary: Accept-Encoding\r\n`;
  if (framing === 'chunked' || (framing === 'asReceived' && response.framing.kind === 'chunked')) {
    head += 'Transfer-Encoding: chunked\r\n';
  }
  if (!options.keepAlive) return `${head}Connection: close\r\n\r\n`;
  return options.minorVersion === 0 ? `${head}Connection: keep-alive\r\n\r\n` : `${head}\r\n`;
}

function isReplaced(key: string, { headers, encoding }: ResponseHeadOptions): boolean {
  if (encoding !== undefined && (key === 'content-length' || key === 'accept-ranges')) return true;
  if (headers.size === 0) return false;
  for (const name of headers.keys()) if (name.toLowerCase() === key) return true;
  return false;
}

/** Bytes that differ must not share a strong validator. */
function weakened(etag: string): string {
  return etag.startsWith('W/') ? etag : `W/${etag}`;
}

export function formatInformational(response: ResponseHead): string {
  let head = `HTTP/1.1 ${response.status} ${response.reason}\r\n`;
  for (const { name, key, value } of response.fields) {
    if (!isHopByHop(key, response.connection)) head += `${name}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}

export function formatSwitchingProtocols(response: ResponseHead, setCookie = ''): string {
  let head = `HTTP/1.1 101 ${response.reason}\r\nConnection: Upgrade\r\n${setCookie}`;
  for (const { name, key, value } of response.fields) if (key !== 'connection') head += `${name}: ${value}\r\n`;
  return `${head}\r\n`;
}

export interface LocalAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** An answer of the gateway itself. */
export function formatLocalAnswer(
  answer: LocalAnswer,
  options: { readonly keepAlive: boolean; readonly isHead: boolean },
): string {
  const body = `${answer.text}\n`;
  let head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n`;
  for (const [name, value] of Object.entries(answer.headers ?? {})) head += `${name}: ${value}\r\n`;
  head += `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  head += options.keepAlive ? '\r\n' : 'Connection: close\r\n\r\n';
  return options.isHead ? head : head + body;
}
