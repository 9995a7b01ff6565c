import type { Field } from './fields.ts';
import { ProtocolError } from './protocol-error.ts';

/** Where the body of a message ends. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  /** Responses only. */
  | { readonly kind: 'untilClose' };

export const noBody: Framing = { kind: 'none' };

/**
 * The length that the headers declare; undefined if they declare none. Whatever two readers could take differently is
 * refused: both ways at once, one of them twice, codings other than chunked.
 */
export function declaredFraming(fields: readonly Field[], minorVersion: number): Framing | undefined {
  let framing: Framing | undefined;
  for (const { key, value } of fields) {
    if (key !== 'content-length' && key !== 'transfer-encoding') continue;
    if (framing !== undefined) throw new ProtocolError('more than one header that declares the length of the body');
    framing = key === 'content-length' ? parseContentLength(value) : parseTransferEncoding(value, minorVersion);
  }
  return framing;
}

function parseContentLength(value: string): Framing {
  if (!/^\d{1,15}$/.test(value)) throw new ProtocolError('a Content-Length that is no plain number');
  return { kind: 'length', length: Number(value) };
}

function parseTransferEncoding(value: string, minorVersion: number): Framing {
  if (minorVersion === 0) throw new ProtocolError('Transfer-Encoding in an HTTP/1.0 message');
  if (value.toLowerCase() !== 'chunked') throw new ProtocolError('a Transfer-Encoding other than chunked', 501);
  return { kind: 'chunked' };
}
