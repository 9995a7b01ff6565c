/** What comes over a connection and is no request, by which it ends: nobody knows where the next one would begin. */
import type { Duplex } from 'node:stream';
import type { Clock } from '@slipway/kube/clock';
import { StatusError } from '@slipway/kube/status-error';
import { STATUS_CODES } from '@slipway/kube/platform/http';

/** For the answer to arrive: an end with unread bytes before it takes it back from who has not read it yet. As much as Go gives. */
const lingerMilliseconds = 500;

/** The answer to an earlier request that the connection is for, as `node:http` notes it. */
export interface Answering {
  readonly headersSent: boolean;
}

/**
 * `error` is what `node:http` has against it; `answering` what is being sent over the connection, in which nothing else can
 * be said.
 */
export function answerNoRequest(
  error: { readonly code?: string | undefined },
  connection: Duplex,
  { answering, clock }: { readonly answering: Answering | undefined; readonly clock: Clock },
): void {
  // It is told again of whatever follows.
  if (connection.writableEnded) return;
  if (error.code === 'ECONNRESET' || !connection.writable || answering?.headersSent === true) {
    connection.destroy();
    return;
  }
  const stop = clock.schedule(lingerMilliseconds, () => void connection.destroy());
  connection.once('close', stop);
  connection.resume();
  connection.end(asText(refusalOf(error.code)));
}

function refusalOf(code: string | undefined): StatusError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new StatusError('Timeout', 'the head of the request did not come to its end in time', { code: 408 });
    case 'HPE_HEADER_OVERFLOW':
      return new StatusError('BadRequest', 'the head of the request is longer than is read here, which is 64 KiB', {
        code: 431,
      });
    default:
      return new StatusError('BadRequest', 'this is no request of HTTP/1.1');
  }
}

function asText(refusal: StatusError): string {
  const body = JSON.stringify(refusal.toStatus());
  const head = [
    `HTTP/1.1 ${refusal.code} ${STATUS_CODES[refusal.code]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
