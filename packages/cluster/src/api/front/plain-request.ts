/**
 * Requests whose head came whole and that say nothing out of the ordinary, which is nearly all: read here, at a fraction of what
 * `node:http` takes for them. Whatever else comes is not judged but left to it, so there is one opinion about where a
 * request ends: this one takes none that the other would read differently.
 */

/** The lines below the request line. Those of one connection are mostly the same from request to request. */
export interface PlainFields {
  /** As they came, each line with its end. */
  readonly text: string;
  /** Lower-case names, none twice; without `authorization` and whom the request is to be taken for. */
  readonly headers: Readonly<Record<string, string>>;
  readonly authorization: string;
  /** The fields `impersonate-*`, each as often as it came. */
  readonly impersonation: Readonly<Record<string, readonly string[]>>;
  readonly bodyLength: number;
}

export interface PlainRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly fields: PlainFields;
  /** As much of it as has come. */
  readonly body: Buffer;
  /** How many bytes of the body are still to come. */
  readonly missing: number;
  /** Where it ended in the bytes that it was read from. */
  readonly end: number;
}

const blankLine = Buffer.from('\r\n\r\n');
const maximumFields = 64;
/** A longer body that is still to come is taken at the pace of whoever reads it, which is left to `node:http`. */
const maximumPendingBytes = 1024 * 1024;

const requestLine = /^(GET|POST|PUT|PATCH|DELETE) (\/[!-~]*) HTTP\/1\.1$/;
const token = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const uncleanText = /[^\t -~]/;
const plainLength = /^\d{1,9}$/;

/** What changes where a request ends or what becomes of its connection. */
const unusual: ReadonlySet<string> = new Set(['transfer-encoding', 'trailer', 'expect', 'upgrade', 'content-encoding']);

/** Undefined for a head that is not whole, and what is not plain. `known` are fields that need not be read again if they are the same. */
export function readPlainRequest(bytes: Buffer, known: PlainFields | undefined): PlainRequest | undefined {
  const headEnd = bytes.indexOf(blankLine);
  if (headEnd < 0) return undefined;
  const head = bytes.toString('latin1', 0, headEnd + 2);
  const lineEnd = head.indexOf('\r\n');
  const [, method, target] = requestLine.exec(head.slice(0, lineEnd)) ?? [];
  if (method === undefined || target === undefined) return undefined;
  const text = head.slice(lineEnd + 2);
  const fields = known?.text === text ? known : readFields(text);
  if (fields === undefined) return undefined;
  const bodyStart = headEnd + blankLine.length;
  const body = bytes.subarray(bodyStart, bodyStart + fields.bodyLength);
  const missing = fields.bodyLength - body.length;
  if (missing > 0 && fields.bodyLength > maximumPendingBytes) return undefined;
  return { method, target, fields, body, missing, end: bodyStart + body.length };
}

function readFields(text: string): PlainFields | undefined {
  const lines = text.split('\r\n');
  // What follows the last line end.
  lines.pop();
  if (lines.length > maximumFields) return undefined;
  const headers: Record<string, string> = {};
  const impersonation: Record<string, string[]> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 0 || !token.test(name) || uncleanText.test(line)) return undefined;
    const value = line.slice(colon + 1).trim();
    if (name.startsWith(impersonating)) {
      (impersonation[name] ??= []).push(value);
      continue;
    }
    if (isUnusual(name) || Object.hasOwn(headers, name) || name === '__proto__') return undefined;
    headers[name] = value;
  }
  const { authorization = '', ...rest } = headers;
  const { host, connection = 'keep-alive', 'content-length': length = '0' } = rest;
  if (host === undefined || connection.toLowerCase() !== 'keep-alive' || !plainLength.test(length)) return undefined;
  return { text, headers: rest, authorization, impersonation, bodyLength: Number(length) };
}

const impersonating = 'impersonate-';

function isUnusual(name: string): boolean {
  return unusual.has(name) || name.startsWith('sec-websocket-');
}
