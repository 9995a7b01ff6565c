import { constants, createGzip, type Gzip } from 'node:zlib';
import type { RequestHead } from '../http1/request-head.ts';
import { valueOf } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';

/** Below it the saving is not worth the time. */
const minLength = 1_024;

const compressible =
  /^(?:text\/(?!event-stream)|application\/(?:json|javascript|xml|wasm|manifest\+json|[a-z0-9.+-]+\+(?:json|xml))|image\/svg\+xml)/i;

/** Whether the answer is worth compressing and nobody forbids it. Streams of events are not: they must not wait. */
export function isCompressible(request: RequestHead, response: ResponseHead): boolean {
  const { fields, framing, status } = response;
  if (request.minorVersion === 0 || framing.kind === 'none' || status === 206) return false;
  if (framing.kind === 'length' && framing.length < minLength) return false;
  if (!acceptsGzip(valueOf(request.fields, 'accept-encoding') ?? '')) return false;
  if (valueOf(fields, 'content-encoding') !== undefined) return false;
  if (/\bno-transform\b/i.test(valueOf(fields, 'cache-control') ?? '')) return false;
  return compressible.test(valueOf(fields, 'content-type') ?? '');
}

/** `q=0` refuses. */
function acceptsGzip(header: string): boolean {
  return header.split(',').some((member) => /^\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)|$)/i.test(member));
}

/** Every piece is flushed as it comes: a page that is written slowly shows as it is written. */
export function createEncoder(
  onData: (piece: Buffer) => void,
  onEnd: () => void,
  onError: (error: Error) => void,
): Gzip {
  const gzip = createGzip({ level: 5, flush: constants.Z_SYNC_FLUSH });
  gzip.on('data', onData);
  gzip.on('end', onEnd);
  gzip.on('error', onError);
  return gzip;
}
