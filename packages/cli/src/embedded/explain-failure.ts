import { StoreOpenError } from '@slipway/cluster/store/store-open-error';
import { DataPlaneError } from '@slipway/gateway/open-data-plane';
import { CommandFailure } from '../failure.ts';
import { describeSystemError, isSystemError, type SystemError } from '../system-error.ts';
import { host, type ServerOptions } from './server-options.ts';

/** Why a cluster could not be started, in words for the person who started it. What is not expected stays as it is. */
export function explainFailure(error: unknown, options: ServerOptions): unknown {
  if (error instanceof StoreOpenError) return new CommandFailure(error.message, { cause: error });
  if (error instanceof DataPlaneError) return new CommandFailure(`${error.message}.`, { cause: error });
  const port = takenPort(error);
  if (port !== undefined) return new CommandFailure(explainTakenPort(port, options), { cause: error });
  if (isSystemError(error)) return new CommandFailure(explainSystemError(error, options), { cause: error });
  return error;
}

function explainTakenPort(port: number, { apiPort }: ServerOptions): string {
  const [part, option] = port === apiPort ? ['API server', '--api-port'] : ['gateway', '--gateway-port'];
  return (
    `Port ${port} on ${host} is in use, so the ${part} cannot listen there.\n` +
    `Choose another with ${option} N (0: any free one), or stop what uses it.`
  );
}

function explainSystemError(error: SystemError, { dataDirectory }: ServerOptions): string {
  const where = error.path === undefined || error.path === dataDirectory ? '' : ` (${error.path})`;
  return `The cluster cannot be started in ${dataDirectory}: ${describeSystemError(error)}${where}.`;
}

/** The error of the system call may be the cause of another. */
function takenPort(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const isTaken = 'code' in error && error.code === 'EADDRINUSE';
  return isTaken && 'port' in error && typeof error.port === 'number' ? error.port : takenPort(error.cause);
}
