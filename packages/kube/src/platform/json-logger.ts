import type { Clock } from '../clock.ts';
import type { LogFields, Logger } from '../logger.ts';
import type { LogOutput } from './log-output.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof levels)[number];

export interface JsonLoggerOptions {
  readonly output: LogOutput;
  readonly clock: Clock;
  /** The least that is written. */
  readonly level: LogLevel;
}

/**
 * One JSON object a line. Lines that cannot be written are counted, and told in a line of their own after the next one that
 * can: no loop, and no growing queue.
 */
export function createJsonLogger({ output, clock, level: least }: JsonLoggerOptions): Logger {
  const lineOf = (level: LogLevel, msg: string, fields?: LogFields): string =>
    `${format({ time: new Date(clock.now()).toISOString(), level, msg }, fields)}\n`;
  let lost = 0;
  const tellLost = (lines: number): void => {
    lost = 0;
    output.write(lineOf('warn', 'Lines of this log are missing: they could not be written', { lines }), (error) => {
      if (isFailure(error)) lost += lines;
    });
  };
  const writer = (level: LogLevel): Logger[LogLevel] => {
    if (levels.indexOf(level) < levels.indexOf(least)) return () => {};
    return (msg, fields) =>
      output.write(lineOf(level, msg, fields), (error) => {
        if (isFailure(error)) lost += 1;
        else if (lost > 0) tellLost(lost);
      });
  };
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
}

/** A stream that has written calls back with null. */
function isFailure(error: Error | null | undefined): boolean {
  return error !== null && error !== undefined;
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
