import { LevelError } from '@slipway/cluster/node/helper/level-error';
import { DamagedFileError } from '@slipway/cluster/pki/damaged-file-error';
import { StoreOpenError } from '@slipway/cluster/store/store-open-error';
import { DataPlaneError } from '@slipway/gateway/open-data-plane';
import { CommandFailure } from '../failure.ts';
import { describeSystemError, isSystemError, type SystemError } from '../system-error.ts';
import { host, type ServerOptions } from './server-options.ts';

/** Why a cluster could not be started, in words for the person who started it. What is not expected stays as it is. */
export function explainFailure(error: unknown, options: ServerOptions): unknown {
  if (error instanceof StoreOpenError) return new CommandFailure(error.message, { cause: error });
  if (error instanceof DamagedFileError) return new CommandFailure(`${error.message}.`, { cause: error });
  if (error instanceof LevelError) return new CommandFailure(error.message, { cause: error });
  if (error instanceof DataPlaneError) return new CommandFailure(`${error.message}.`, { cause: error });
  const refusal = findRefusal(error);
  if (refusal !== undefined) return new CommandFailure(explainRefusal(refusal, options), { cause: error });
  if (isSystemError(error)) return new CommandFailure(explainSystemError(error, options), { cause: error });
  return error;
}

function explainRefusal({ port, isTaken }: PortRefusal, options: ServerOptions): string {
  const [part, option] = partAt(port, options);
  return isTaken
    ? `Port ${port} on ${host} is in use, so the ${part} cannot listen there.\n` +
        `Choose another with ${option} N (0: any free one), or stop what uses it.`
    : `Port ${port} on ${host} is for root alone, as those below 1024 are, so the ${part} cannot listen there.\n` +
        `Choose a higher one with ${option} N (0: any free one), or start the cluster as root.`;
}

function partAt(port: number, { apiPort, deploymentServer }: ServerOptions): readonly [part: string, option: string] {
  if (port === apiPort) return ['API server', '--api-port'];
  return port === deploymentServer?.port ? ['deployment server', '--server-port'] : ['gateway', '--gateway-port'];
}

function explainSystemError(error: SystemError, { dataDirectory }: ServerOptions): string {
  const where = error.path === undefined || error.path === dataDirectory ? '' : ` (${error.path})`;
  const failure = `The cluster cannot be started in ${dataDirectory}: ${describeSystemError(error)}${where}.`;
  return error.code === 'ENOSPC' || error.code === 'EDQUOT'
    ? `${failure}\nNothing that is stored was lost. Make room there, and start it again.`
    : failure;
}

interface PortRefusal {
  readonly port: number;
  /** Otherwise it may not be had by this user. */
  readonly isTaken: boolean;
}

/** The error of the system call may be the cause of another. */
function findRefusal(error: unknown): PortRefusal | undefined {
  if (!(error instanceof Error)) return undefined;
  if (!('code' in error && 'port' in error && typeof error.port === 'number')) return findRefusal(error.cause);
  if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return undefined;
  return { port: error.port, isTaken: error.code === 'EADDRINUSE' };
}
