/**
 * Closed load on raw TLS sockets: so many connections, each with one request under way. Argument: `Plan` as JSON. Prints
 * `Outcome` as JSON. It parses no more than the length of an answer, so that it is not what is measured.
 */
import { connect } from 'node:tls';

export interface Plan {
  readonly port: number;
  readonly token: string;
  readonly connections: number;
  /** Ends after so long, or after so many requests, whichever is first. */
  readonly milliseconds: number;
  readonly requests?: number;
  readonly method: 'POST' | 'PATCH' | 'GET';
  readonly contentType: string;
  /** `{n}` is the number of the request, `{c}` that of the connection. */
  readonly path: string;
  readonly body: string;
}

export interface Outcome {
  readonly requests: number;
  readonly failed: number;
  readonly milliseconds: number;
  readonly median: number;
  readonly p99: number;
  /** Share of one core that this generator itself took. */
  readonly load: number;
}

const plan: Plan = JSON.parse(process.argv[2] ?? '');
const latencies: number[] = [];
let failed = 0;
let begun = 0;
const statusAt = 9;
const success = 0x32;
const blankLine = Buffer.from('\r\n\r\n');

function requestOf(connection: number): string {
  const fill = (text: string): string => text.replaceAll('{n}', String(begun)).replaceAll('{c}', String(connection));
  const body = fill(plan.body);
  const entity =
    plan.method === 'GET' ? '' : `Content-Type: ${plan.contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  const authorization = `Authorization: Bearer ${plan.token}\r\n`;
  return `${plan.method} ${fill(plan.path)} HTTP/1.1\r\nHost: 127.0.0.1:${plan.port}\r\nAccept: application/json\r\n${authorization}${entity}\r\n${body}`;
}

/** Resolves when the connection is there; `run` begins, and resolves at the end. */
function open(connection: number): Promise<{ run(until: number): Promise<void> }> {
  const opened = Promise.withResolvers<{ run(until: number): Promise<void> }>();
  const ended = Promise.withResolvers<void>();
  let until = 0;
  let sentAt = 0;
  let pending: Buffer = Buffer.alloc(0);
  let missing = 0;
  // It is a certificate of this run, and of no interest here.
  const socket = connect({ port: plan.port, host: '127.0.0.1', rejectUnauthorized: false });
  const send = (): void => {
    if (performance.now() >= until || begun >= (plan.requests ?? Number.POSITIVE_INFINITY)) {
      socket.end();
      return;
    }
    const request = requestOf(connection);
    begun += 1;
    sentAt = performance.now();
    socket.write(request);
  };
  const finish = (): void => {
    latencies.push(performance.now() - sentAt);
    send();
  };
  socket.setNoDelay(true);
  socket.on('data', (piece: Buffer) => {
    if (missing > 0) {
      missing -= piece.length;
      if (missing <= 0) finish();
      return;
    }
    pending = pending.length === 0 ? piece : Buffer.concat([pending, piece]);
    const headEnd = pending.indexOf(blankLine);
    if (headEnd < 0) return;
    if (pending[statusAt] !== success) failed += 1;
    const length = /\r\ncontent-length: (\d+)/i.exec(pending.toString('latin1', 0, headEnd + 2))?.[1];
    if (length === undefined) throw new Error('an answer without a length cannot be followed here');
    missing = headEnd + blankLine.length + Number(length) - pending.length;
    pending = Buffer.alloc(0);
    if (missing <= 0) finish();
  });
  socket.on('error', (error) => {
    failed += 1;
    opened.reject(error);
  });
  socket.on('close', () => ended.resolve());
  socket.once('secureConnect', () =>
    opened.resolve({
      run: (end) => {
        until = end;
        send();
        return ended.promise;
      },
    }),
  );
  return opened.promise;
}

const connections = await Promise.all(Array.from({ length: plan.connections }, (_, index) => open(index)));
const startedAt = performance.now();
const cpuBefore = process.cpuUsage();
await Promise.all(connections.map((connection) => connection.run(startedAt + plan.milliseconds)));
const milliseconds = performance.now() - startedAt;
const { user, system } = process.cpuUsage(cpuBefore);
latencies.sort((a, b) => a - b);
const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
const outcome: Outcome = {
  requests: latencies.length,
  failed,
  milliseconds,
  median: at(0.5),
  p99: at(0.99),
  load: (user + system) / 1_000 / milliseconds,
};
process.stdout.write(`${JSON.stringify(outcome)}\n`);
