import { ProtocolError } from './protocol-error.ts';

/** One header or trailer line. */
export interface Field {
  /** As it was sent. */
  readonly name: string;
  /** In lower case. */
  readonly key: string;
  readonly value: string;
}

export const maxHeadBytes = 32 * 1024;
export const maxFields = 128;

/** Control characters, and line ends that are not CR LF: what one reader takes for a line end and another does not. */
// oxlint-disable-next-line no-control-regex -- they are what it looks for
const forbidden = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/;

/** RFC 9110, 5.6.2. A space in a name is how a folded line or a space before the colon shows. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export function isToken(text: string): boolean {
  return token.test(text);
}

/** `head` is a whole head in latin1 without the empty line at its end. */
export function assertCleanText(head: string): void {
  if (forbidden.test(head)) throw new ProtocolError('a control character or a bare CR or LF in the head');
}

/** The lines of `text` from `from` on, which is where a line begins. The text has passed `assertCleanText`. */
export function parseFields(text: string, from: number): Field[] {
  const fields: Field[] = [];
  let at = from;
  while (at < text.length) {
    const lineEnd = text.indexOf('\r\n', at);
    const end = lineEnd < 0 ? text.length : lineEnd;
    fields.push(parseField(text, at, end));
    if (fields.length > maxFields) throw new ProtocolError(`more than ${maxFields} header lines`, 431);
    at = end + 2;
  }
  return fields;
}

function parseField(text: string, start: number, end: number): Field {
  const colon = text.indexOf(':', start);
  if (colon < 0 || colon >= end) throw new ProtocolError('a header line without a colon');
  const name = text.slice(start, colon);
  if (!token.test(name)) throw new ProtocolError('a header name that is no token, or a folded line');
  return { name, key: name.toLowerCase(), value: trimWhitespace(text, colon + 1, end) };
}

/** Optional whitespace is spaces and tabs only; `trim()` would take others too. */
function trimWhitespace(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isWhitespace(text.charCodeAt(from))) from += 1;
  while (to > from && isWhitespace(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** The members of a comma-separated list, in lower case. */
export function listMembers(value: string): string[] {
  return value
    .toLowerCase()
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
}

/** RFC 9110, 7.6.1: they speak of one connection, and are not forwarded. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Fields that every recipient needs: where the message ends, for whom it is and what its body is. A Connection header
 * that names one of them asks a proxy to take away what the next server reads the message by.
 */
export const neverHopByHop: readonly string[] = [
  'content-encoding',
  'content-length',
  'content-range',
  'expect',
  'host',
  'transfer-encoding',
];

/** Fields that only whoever writes the message may set: they say where it ends and what becomes of the connection. */
export function isFraming(key: string): boolean {
  return hopByHop.has(key) || neverHopByHop.includes(key);
}

/** `named` are the members of the message's own Connection header. */
export function isHopByHop(key: string, named: readonly string[]): boolean {
  return hopByHop.has(key) || (named.length > 0 && named.includes(key));
}

/** In what has come of a head that is not whole. */
export function hasBareLineFeed(received: Buffer): boolean {
  for (let at = received.indexOf(0x0a); at >= 0; at = received.indexOf(0x0a, at + 1)) {
    if (at === 0 || received[at - 1] !== 0x0d) return true;
  }
  return false;
}
