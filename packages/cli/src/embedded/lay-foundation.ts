import { join } from 'node:path';
import { claimStoreDirectory } from '@slipway/cluster/store/claim-store-directory';
import { storeIdentity } from '@slipway/cluster/store/store-identity';
import type { DirectoryLock } from '@slipway/cluster/store/directory-lock';
import type { Logger } from '@slipway/kube/logger';
import { createJsonLogger } from '@slipway/kube/platform/json-logger';
import type { LogOutput } from '@slipway/kube/platform/log-output';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { launchClusterNode } from './cluster-node.ts';
import type { ClusterNode } from './node-port.ts';
import type { DataDirectory } from './data-directory.ts';
import type { ServerOptions } from './server-options.ts';

/** What is there before the modules of the cluster have been read: reading them takes as long as the node needs to start. */
export interface Foundation {
  /** Of the store's directory: this process owns the data. */
  readonly lock: DirectoryLock;
  readonly node: ClusterNode;
  readonly logger: Logger;
  /** Its signal ends everything that has been started under it. */
  readonly stopping: AbortController;
}

export interface FoundationOptions {
  readonly options: ServerOptions;
  readonly directory: DataDirectory;
  readonly log: LogOutput;
}

export async function layFoundation({ options, directory, log }: FoundationOptions): Promise<Foundation> {
  const logger = createJsonLogger({ output: log, clock: systemClock, level: 'warn' });
  const stopping = new AbortController();
  const store = join(directory.path, 'store');
  const lock = claimStoreDirectory(store);
  try {
    const identity = storeIdentity({ directory: store, ephemeral: options.ephemeral });
    const node = await launchClusterNode({
      options,
      directory,
      storeIdentity: identity,
      logger,
      signal: stopping.signal,
    });
    return { lock, node, logger, stopping };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** For a cluster that could not be built on it; harmless after one that has been stopped. */
export async function clearFoundation({ lock, node, stopping }: Foundation): Promise<void> {
  stopping.abort(new Error('the cluster could not be started'));
  await node.abandon();
  lock.release();
}
