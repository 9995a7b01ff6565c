/**
 * An open load by HTTP, half over connections that are kept alive and half over new ones. A process of its own, so that
 * what it measures does not slow it down.
 */
import { createInterface } from 'node:readline';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { sendByHttp } from './http-sender.ts';
import { OpenLoad } from './open-load.ts';
import type { LoadCommand, LoadOptions, LoadReport } from './protocol.ts';

const reportMilliseconds = 200;
const tickMilliseconds = 5;

const options: LoadOptions = JSON.parse(process.argv[2] ?? '{}');
const { rate, versions, patienceMilliseconds } = options;
const load = new OpenLoad({
  rate,
  versions,
  patienceMilliseconds,
  clock: systemClock,
  send: sendByHttp(options),
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
