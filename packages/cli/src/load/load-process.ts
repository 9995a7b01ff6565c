/**
 * An open load by HTTP, half over connections that are kept alive and half over new ones. A process of its own, so that
 * what it measures does not slow it down.
 */
import { createInterface } from 'node:readline';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpRequest } from '@slipway/kube/platform/http';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { OpenLoad, type LoadOutcome, type SendRequest } from './open-load.ts';
import type { LoadCommand, LoadOptions, LoadReport } from './protocol.ts';

const reportMilliseconds = 200;
const tickMilliseconds = 5;
const idHeader = 'x-request-id';
/** An answer is a version; what is longer is wrong anyhow. */
const keptCharacters = 1_024;

const options: LoadOptions = JSON.parse(process.argv[2] ?? '{}');
const { rate, versions, patienceMilliseconds } = options;
const target = new URL(options.target);
const keptAlive = new Agent({ keepAlive: true, maxSockets: 256 });

const send: SendRequest = ({ id, index }, onEnd) => {
  const broken = (reason: string): void => onEnd({ kind: 'broken', reason });
  const outgoing = httpRequest({
    host: target.hostname,
    port: target.port,
    path: options.path,
    headers: { host: options.host, [idHeader]: id },
    agent: index % 2 === 0 ? keptAlive : false,
  });
  outgoing.once('error', (error) => broken(error.message));
  outgoing.once('response', (incoming) => receive(incoming, onEnd, broken));
  outgoing.end();
  return () => outgoing.destroy();
};

function receive(
  incoming: IncomingMessage,
  onEnd: (outcome: LoadOutcome) => void,
  broken: (reason: string) => void,
): void {
  let body = '';
  incoming.setEncoding('utf8');
  incoming.on('data', (chunk: string) => {
    if (body.length < keptCharacters) body += chunk;
  });
  incoming.once('error', (error) => broken(error.message));
  incoming.once('aborted', () => broken('the answer broke off'));
  incoming.once('end', () => {
    const id = incoming.headers[idHeader];
    const { statusCode: status = 0 } = incoming;
    onEnd({ kind: 'answered', status, body: body.trim(), id: Array.isArray(id) ? id.join(', ') : id });
  });
}

const load = new OpenLoad({
  rate,
  versions,
  patienceMilliseconds,
  clock: systemClock,
  send,
  name: String(process.pid),
});
const state = { isStopping: false };
let commands = 0;

function report(isFinal: boolean): void {
  const value: LoadReport = { ...load.report(), commands, isFinal };
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

const ticker = setInterval(() => load.sendDue(), tickMilliseconds);
const reporter = setInterval(() => {
  const isFinal = state.isStopping && load.isQuiet;
  report(isFinal);
  if (isFinal) process.exit(0);
}, reportMilliseconds);

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const command: LoadCommand = JSON.parse(line);
    commands += 1;
    if (command.kind === 'stop') stop();
    else {
      load.allow(command.versions);
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
