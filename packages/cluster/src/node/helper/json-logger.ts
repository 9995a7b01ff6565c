import type { Writable } from 'node:stream';
import type { Clock } from '@slipway/kube/clock';
import type { LogFields, Logger } from '@slipway/kube/logger';

/** One JSON object a line. */
export function createJsonLogger(output: Writable, clock: Clock): Logger {
  const write = (level: string, msg: string, fields: LogFields = {}): void => {
    const plain = Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? describe(value) : value,
    ]);
    const line = { time: new Date(clock.now()).toISOString(), level, msg, ...Object.fromEntries(plain) };
    output.write(`${JSON.stringify(line)}\n`);
  };
  return {
    debug: () => {},
    info: (msg, fields) => write('info', msg, fields),
    warn: (msg, fields) => write('warn', msg, fields),
    error: (msg, fields) => write('error', msg, fields),
  };
}

function describe(error: Error): string {
  const cause = error.cause instanceof Error ? ` (${describe(error.cause)})` : '';
  return `${error.stack ?? error.message}${cause}`;
}
