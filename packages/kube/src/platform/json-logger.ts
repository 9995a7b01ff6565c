import type { Clock } from '../clock.ts';
import type { LogFields, Logger } from '../logger.ts';
import { StatusError } from '../status-error.ts';
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

/** With the way to it through the code where that is the fault; what the world does to a program is told by words alone. */
function describe(error: Error): string {
  const isTold = isOfTheWorld(error);
  const own = isTold ? wordsOf(error) : (error.stack ?? wordsOf(error));
  if (!(error.cause instanceof Error)) return own;
  return `${own} (${isTold ? wordsOf(error.cause) : describe(error.cause)})`;
}

function wordsOf({ name, message }: Error): string {
  return `${name}: ${message}`;
}

/** An answer of the API server, a connection that the system has no use for, or a time that is over. */
function isOfTheWorld(error: Error): boolean {
  return error instanceof StatusError || ('code' in error && typeof error.code === 'string');
}
