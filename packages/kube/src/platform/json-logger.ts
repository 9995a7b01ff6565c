import type { Writable } from 'node:stream';
import type { Clock } from '../clock.ts';
import type { LogFields, Logger } from '../logger.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof levels)[number];

export interface JsonLoggerOptions {
  readonly output: Writable;
  readonly clock: Clock;
  /** The least that is written. */
  readonly level: LogLevel;
}

/** One JSON object a line. */
export function createJsonLogger({ output, clock, level: least }: JsonLoggerOptions): Logger {
  const writer = (level: LogLevel): Logger[LogLevel] => {
    if (levels.indexOf(level) < levels.indexOf(least)) return () => {};
    return (msg, fields) =>
      output.write(`${format({ time: new Date(clock.now()).toISOString(), level, msg }, fields)}\n`);
  };
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
}

function format(head: LogFields, fields: LogFields = {}): string {
  return JSON.stringify({ ...fields, ...head }, (_name, value: unknown) => {
    if (value instanceof Error) return describe(value);
    return typeof value === 'bigint' ? String(value) : value;
  });
}

function describe(error: Error): string {
  const cause = error.cause instanceof Error ? ` (${describe(error.cause)})` : '';
  return `${error.stack ?? error.message}${cause}`;
}
