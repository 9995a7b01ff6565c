import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createJsonLogger } from '@slipway/kube/platform/json-logger';
import { LogFile } from '@slipway/kube/platform/log-output';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { connect } from '../connection/connection.ts';
import { runDeploymentServer } from '../deployment-server/run-deployment-server.ts';
import { CommandFailure, exitCodes } from '../failure.ts';
import { runUntilStopped } from '../stop-signal.ts';
import { host } from './server-options.ts';
import type { BesideOptions } from './server-beside.ts';

/** The deployment server that `slipway up` starts: it is told where its cluster is, and ends with it. */
export async function deploymentProcess(): Promise<void> {
  if (process.send === undefined)
    throw new CommandFailure('deployment-process is started by slipway up; by hand it is slipway server.', {
      exitCode: exitCodes.usage,
    });
  const options = await new Promise<BesideOptions>((resolve) => {
    process.once('message', (message) => resolve(message as BesideOptions));
  });
  // Who started it has gone, whatever became of it.
  const onDisconnect = (): boolean => process.kill(process.pid, 'SIGTERM');
  process.once('disconnect', onDisconnect);
  try {
    await runUntilStopped((signal) => run(options, signal));
  } finally {
    // The channel would keep the process.
    process.off('disconnect', onDisconnect);
    if (process.connected) process.disconnect();
  }
}

async function run(options: BesideOptions, signal: AbortSignal): Promise<void> {
  const { client } = await connect({ kubeconfig: options.kubeconfig });
  const logger = createJsonLogger({ output: new LogFile(process.stderr.fd), clock: systemClock, level: 'warn' });
  await mkdir(dirname(options.tokenFile), { recursive: true, mode: 0o700 });
  await runDeploymentServer({ ...options, client, logger, host, signal }, () => {
    // Who started it may be gone by now; `disconnect` follows.
    if (process.connected) process.send?.('listening');
  });
}
