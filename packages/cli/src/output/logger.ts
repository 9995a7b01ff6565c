import type { Logger } from '@slipway/kube/logger';
import { destination, pino } from 'pino';

/** Structured lines on standard error. */
export function createLogger(level: 'debug' | 'info' | 'warn' | 'error'): Logger {
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { error: pino.stdSerializers.err } },
    destination({ fd: 2, sync: true }),
  );
  return {
    debug: (msg, fields) => logger.debug(fields ?? {}, msg),
    info: (msg, fields) => logger.info(fields ?? {}, msg),
    warn: (msg, fields) => logger.warn(fields ?? {}, msg),
    error: (msg, fields) => logger.error(fields ?? {}, msg),
  };
}
