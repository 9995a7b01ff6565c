/** The long-lived clients, in a process of their own: slow answers, bodies that come back, WebSockets. Options as JSON in the argument. */
import { clearInterval, setInterval } from 'node:timers';
import type { ClientOptions } from './protocol.ts';
import { getSlowly, post } from './requests.ts';
import { Tally } from './tally.ts';
import { keepWebSocket } from './web-sockets.ts';

const slowEveryMilliseconds = 250;
const postEveryMilliseconds = 100;
const webSockets = 10;
const reportMilliseconds = 100;

const options: ClientOptions = JSON.parse(process.argv[2] ?? '{}');
const tally = new Tally();
const stopping = new AbortController();
const timers = [
  setInterval(() => getSlowly(options, tally), slowEveryMilliseconds),
  setInterval(() => post(options, tally), postEveryMilliseconds),
];
for (let index = 0; index < webSockets; index++) keepWebSocket(options, tally, stopping.signal);

setInterval(() => {
  const report = tally.report(stopping.signal.aborted);
  process.stdout.write(`${JSON.stringify(report)}\n`, () => {
    if (report.isFinal) process.exit(0);
  });
}, reportMilliseconds);

// Also when whoever started the clients is gone.
process.stdin.resume().once('end', () => {
  for (const timer of timers) clearInterval(timer);
  stopping.abort();
});
