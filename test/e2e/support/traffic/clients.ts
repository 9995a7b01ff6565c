/** All clients, in a process of their own. Options of the streams as JSON in the argument. */
import { createInterface } from 'node:readline';
import { Stream } from './stream.ts';
import type { StreamOptions, TrafficCommand, TrafficProcessReport } from './protocol.ts';

const reportMilliseconds = 100;

const options: readonly StreamOptions[] = JSON.parse(process.argv[2] ?? '[]');
const streams = options.map((each, index) => new Stream(`${process.pid}-${index}`, each));
let commands = 0;

function report(): void {
  const value: TrafficProcessReport = { streams: streams.map((stream) => stream.report()), commands };
  const isFinal = value.streams.every((stream) => stream.isFinal);
  process.stdout.write(`${JSON.stringify(value)}\n`, () => {
    if (isFinal) process.exit(0);
  });
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const command: TrafficCommand = JSON.parse(line);
    if (command.kind === 'stop') streams[command.stream]?.stop();
    if (command.kind === 'versions') streams[command.stream]?.allow(command.versions);
    commands += 1;
    report();
  })
  // Also when whoever started the clients is gone.
  .on('close', () => streams.forEach((stream) => stream.stop()));

for (const stream of streams) stream.start();
setInterval(report, reportMilliseconds);
