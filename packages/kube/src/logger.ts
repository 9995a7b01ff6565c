export type LogFields = Readonly<Record<string, unknown>>;

/** Structured logging: `msg` says what happened, `fields` name the object (`namespace`, `name`, `kind`). An error is logged once, where it is handled, as `fields.error`. */
export interface Logger {
  debug(msg: string, fields?: LogFields): void;
  info(msg: string, fields?: LogFields): void;
  warn(msg: string, fields?: LogFields): void;
  error(msg: string, fields?: LogFields): void;
}

function ignore(): void {}

export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
