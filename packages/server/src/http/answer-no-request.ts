/** What comes over a connection and is no request of HTTP, or asks for no path: nothing else of the server sees it. */
import type { FastifyReply } from 'fastify';
import { problemType } from './answer-problems.ts';
import { Problem } from './problem.ts';

interface Connection {
  readonly destroyed: boolean;
  readonly writable: boolean;
  write(text: string): unknown;
  destroy(): unknown;
}

/** The connection ends with it: nobody knows where the next request begins. */
export function answerNoRequest(error: { readonly code?: string }, connection: Connection): void {
  if (error.code === 'ECONNRESET' || connection.destroyed) return;
  if (connection.writable) connection.write(asText(problemOf(error.code)));
  connection.destroy();
}

/** A path that is no text comes to no route, and to no handler of errors either. */
export function answerNoPath(
  error: { readonly statusCode?: number; readonly message: string },
  reply: FastifyReply,
): void {
  const problem = new Problem(error.statusCode ?? 400, error.message);
  reply.hijack();
  reply.raw.writeHead(problem.status, headers);
  reply.raw.end(JSON.stringify(problem.toDetails()));
}

const headers = { 'content-type': problemType, 'x-content-type-options': 'nosniff', connection: 'close' };

function problemOf(code: string | undefined): Problem {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem(408, 'the request did not come to its end in time');
    case 'HPE_HEADER_OVERFLOW':
      return new Problem(431, 'the headers of the request, or its path, are longer than is read here');
    default:
      return new Problem(400, 'this is no request of HTTP/1.1');
  }
}

function asText(problem: Problem): string {
  const details = problem.toDetails();
  const body = JSON.stringify(details);
  const framed = { ...headers, 'content-length': String(Buffer.byteLength(body)) };
  const lines = Object.entries(framed).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${details.status} ${details.title}\r\n${lines.join('')}\r\n${body}`;
}
