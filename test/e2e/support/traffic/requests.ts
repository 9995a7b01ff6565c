import { createHash } from 'node:crypto';
import { Agent, request, type RequestOptions } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Kind, PatientOptions } from './protocol.ts';
import type { Tally } from './tally.ts';

const slowMilliseconds = 3_000;
const postBytes = 40_000;
/** Together more than any gateway keeps to send it again. */
const uploadPiece = Buffer.alloc(10_000, 'y');
const uploadPieces = 20;
const uploadPieceMilliseconds = 100;
const uploadHash = createHash('sha256')
  .update(Buffer.concat(Array(uploadPieces).fill(uploadPiece)))
  .digest('hex');
/**
 * Less than a gateway keeps a connection: one that it closes as a request leaves on it would be nobody's fault. The agent looks
 * whether it has just closed one itself for its age at the first alone, and would otherwise give the last.
 */
const keptAlive = new Agent({ keepAlive: true, timeout: 30_000, scheduling: 'fifo' });

interface Exchange {
  readonly kind: Kind;
  readonly path: string;
  readonly body?: string | Readable;
  /** That it is asked to take. */
  readonly durationMilliseconds: number;
  /** What is wrong with the answer; undefined when nothing is. */
  judge(body: string): string | undefined;
}

/** An answer over three seconds, ended by the hash of what came before. */
export function getSlowly(options: PatientOptions, tally: Tally): void {
  send(options, tally, {
    kind: 'slow',
    path: `/slow?ms=${slowMilliseconds}`,
    durationMilliseconds: slowMilliseconds,
    judge: (body) => {
      const end = body.trimEnd().lastIndexOf('\n') + 1;
      const hash = createHash('sha256').update(body.slice(0, end)).digest('hex');
      return body.slice(end).trim() === hash ? undefined : `${body.length} bytes do not have the hash that they should`;
    },
  });
}

export function post(options: PatientOptions, tally: Tally): void {
  const body = `${performance.now()} `.padEnd(postBytes, 'x');
  send(options, tally, {
    kind: 'post',
    path: '/echo',
    body,
    durationMilliseconds: 0,
    judge: (answer) => (answer === body ? undefined : `${answer.length} other bytes came back`),
  });
}

export function upload(options: PatientOptions, tally: Tally): void {
  send(options, tally, {
    kind: 'upload',
    path: '/upload',
    body: Readable.from(slowPieces()),
    durationMilliseconds: uploadPieces * uploadPieceMilliseconds,
    judge: (answer) => (answer === uploadHash ? undefined : `other bytes arrived: their hash is "${answer}"`),
  });
}

async function* slowPieces(): AsyncIterable<Buffer> {
  for (let sent = 0; sent < uploadPieces; sent += 1) {
    yield uploadPiece;
    await pause(uploadPieceMilliseconds);
  }
}

function send({ target, host, patienceMilliseconds }: PatientOptions, tally: Tally, exchange: Exchange): void {
  const attempt = tally.begin(exchange.kind);
  const { hostname, port } = new URL(target);
  const options: RequestOptions = {
    hostname,
    port,
    path: exchange.path,
    method: exchange.body === undefined ? 'GET' : 'POST',
    headers: { host, 'x-request-id': attempt.id },
    agent: keptAlive,
    signal: AbortSignal.timeout(exchange.durationMilliseconds + patienceMilliseconds),
  };
  const outgoing = request(options, (response) => {
    attempt.pod = String(response.headers['x-pod'] ?? '') || undefined;
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (piece: string) => (body += piece));
    response.on('error', (error) => attempt.fail(`the answer broke off: ${error.message}`));
    response.on('end', () => {
      const fault =
        response.statusCode !== 200
          ? `status ${response.statusCode}: ${body.slice(0, 200)}`
          : response.headers['x-request-id'] !== attempt.id
            ? `the answer belongs to ${String(response.headers['x-request-id'])}`
            : exchange.judge(body);
      if (fault === undefined) attempt.right();
      else attempt.fail(fault);
    });
  });
  outgoing.on('error', (error) => attempt.fail(error.message));
  const { body } = exchange;
  // What goes wrong is an error of the request, too.
  if (body instanceof Readable) pipeline(body, outgoing, () => undefined);
  else outgoing.end(body);
}
