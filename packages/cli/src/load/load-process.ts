/**
 * An open load: requests leave at a constant rate whatever the answers do, half over connections that are kept alive and
 * half over new ones, and latency counts from when a request should have left. A process of its own, so that what it
 * measures does not slow it down.
 */
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpRequest } from '@slipway/kube/platform/http';
import { createInterface } from 'node:readline';
import { Latencies } from './latency.ts';
import type { LoadCommand, LoadFailure, LoadOptions, LoadReport } from './protocol.ts';

const requestTimeoutMilliseconds = 5_000;
const reportMilliseconds = 200;
const tickMilliseconds = 5;
const keptFailures = 20;
/** An application that repeats it must repeat the one of the request. */
const idHeader = 'x-request-id';

const options: LoadOptions = JSON.parse(process.argv[2] ?? '{}');
const target = new URL(options.target);
const keptAlive = new Agent({ keepAlive: true, maxSockets: 256 });
const latencies = new Latencies();
const startedAt = performance.now();
const byVersion = new Map<string, number>();
const lastSent = new Map<string, number>();
const failures: LoadFailure[] = [];
let allowed = new Set(options.versions);
let commands = 0;
let [sent, succeeded, failed] = [0, 0, 0];
const state = { isStopping: false };

interface Request {
  readonly id: string;
  readonly sentAt: number;
  /** Bodies that counted as right when it left. */
  readonly allowed: ReadonlySet<string>;
}

const tooLate = `no answer within ${requestTimeoutMilliseconds / 1_000} s`;

function send(intendedAt: number): void {
  const index = sent;
  const request: Request = { id: `${process.pid}-${index}`, sentAt: Date.now(), allowed };
  sent += 1;
  let isEnded = false;
  const end = (failure?: string): void => {
    if (isEnded) return;
    isEnded = true;
    clearTimeout(timer);
    const latency = performance.now() - intendedAt;
    latencies.record(latency);
    // A client that has waited so long has gone, whoever was late.
    const fault = failure ?? (latency > requestTimeoutMilliseconds ? tooLate : undefined);
    if (fault === undefined) succeeded += 1;
    else fail(fault);
  };
  const outgoing = httpRequest({
    host: target.hostname,
    port: target.port,
    path: options.path,
    headers: { host: options.host, [idHeader]: request.id },
    agent: index % 2 === 0 ? keptAlive : false,
  });
  const timer = setTimeout(
    () => {
      end(tooLate);
      outgoing.destroy();
    },
    Math.max(0, intendedAt + requestTimeoutMilliseconds - performance.now()),
  );
  outgoing.once('error', (error) => end(error.message));
  outgoing.once('response', (incoming) => {
    let body = '';
    incoming.setEncoding('utf8');
    incoming.on('data', (chunk: string) => {
      if (body.length < 1_024) body += chunk;
    });
    incoming.once('error', (error) => end(error.message));
    incoming.once('aborted', () => end('the answer broke off'));
    incoming.once('end', () => end(judge(incoming, body.trim(), request)));
  });
  outgoing.end();
}

/** What is wrong with an answer; undefined when nothing is. */
function judge({ statusCode = 0, headers }: IncomingMessage, body: string, request: Request): string | undefined {
  const answered = headers[idHeader];
  if (answered !== undefined && answered !== request.id) return 'the answer to another request';
  if (statusCode < 200 || statusCode > 299) return `status ${statusCode}: ${body.slice(0, 100)}`;
  if (!allowed.has(body) && !request.allowed.has(body)) return `wrong body: ${JSON.stringify(body.slice(0, 100))}`;
  byVersion.set(body, (byVersion.get(body) ?? 0) + 1);
  lastSent.set(body, Math.max(request.sentAt, lastSent.get(body) ?? 0));
  return undefined;
}

function fail(reason: string): void {
  failed += 1;
  if (failures.length < keptFailures) failures.push({ at: Math.round(performance.now() - startedAt), reason });
}

function report(isFinal: boolean): void {
  const value: LoadReport = {
    sent,
    succeeded,
    failed,
    byVersion: Object.fromEntries(byVersion),
    lastSent: Object.fromEntries(lastSent),
    p50: latencies.percentile(0.5),
    p99: latencies.percentile(0.99),
    failures,
    commands,
    isFinal,
  };
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** A late tick sends all that is due: the rate is kept and the delay counts as latency. */
function tick(): void {
  const interval = 1_000 / options.rate;
  while (!state.isStopping && startedAt + sent * interval <= performance.now()) send(startedAt + sent * interval);
}

const ticker = setInterval(tick, tickMilliseconds);
const reporter = setInterval(() => {
  const isFinal = state.isStopping && succeeded + failed === sent;
  report(isFinal);
  if (isFinal) process.exit(0);
}, reportMilliseconds);

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const command: LoadCommand = JSON.parse(line);
    commands += 1;
    if (command.kind === 'stop') stop();
    else {
      allowed = new Set(command.versions);
      report(false);
    }
  })
  // Whoever started the load is gone.
  .on('close', stop);

function stop(): void {
  state.isStopping = true;
  clearInterval(ticker);
  reporter.ref();
}
