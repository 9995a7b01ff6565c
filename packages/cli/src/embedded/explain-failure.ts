import { StoreOpenError } from '@slipway/cluster/store/store-open-error';
import { CommandFailure } from '../failure.ts';
import { host, type ServerOptions } from './server-options.ts';

/** Why a cluster could not be started, in words for the person who started it. What is not expected stays as it is. */
export function explainFailure(error: unknown, options: ServerOptions): unknown {
  if (error instanceof StoreOpenError) return new CommandFailure(error.message, { cause: error });
  if (isTakenPort(error)) {
    return new CommandFailure(
      `Port ${String(error.port)} on ${host} is in use, so the ${error.port === options.apiPort ? 'API server' : 'gateway'} cannot listen there.\n` +
        'Choose another with --api-port N and --gateway-port N (0: any free one), or stop what uses it.',
      { cause: error },
    );
  }
  return error;
}

function isTakenPort(error: unknown): error is Error & { readonly port: number } {
  const cause = error instanceof Error && error.cause instanceof Error && 'code' in error.cause ? error.cause : error;
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE' && 'port' in cause;
}
