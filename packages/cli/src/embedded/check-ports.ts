import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { isSystemError } from '../system-error.ts';
import { explainFailure } from './explain-failure.ts';
import { host, type ServerOptions } from './server-options.ts';

/** Rejects with a sentence where a port cannot be had: before anything has been written, so that nothing is left behind. */
export async function checkPorts(options: ServerOptions): Promise<void> {
  for (const port of [options.apiPort, options.gatewayPort, options.deploymentServer?.port ?? 0]) {
    if (port !== 0) await checkPort(port, options);
  }
}

/** Where the deployment server is unless something else is there. */
export const usualPort = 8090;
/** Of none of them the system gives one away by itself, nor the cluster. */
const [firstFree, lastFree] = [20_000, 29_999];

/** A port for what listens later, and has to be named before: the one that is asked for, or a free one for 0. */
export async function choosePort(asked: number | undefined): Promise<number> {
  if (asked !== undefined && asked !== 0) return asked;
  if (asked === undefined && (await isFree(usualPort))) return usualPort;
  for (;;) {
    const port = randomInt(firstFree, lastFree + 1);
    if (await isFree(port)) return port;
  }
}

export async function isFree(port: number): Promise<boolean> {
  try {
    await tryPort(port);
    return true;
  } catch (error) {
    if (isSystemError(error) && error.code === 'EADDRINUSE') return false;
    throw error;
  }
}

async function checkPort(port: number, options: ServerOptions): Promise<void> {
  try {
    await tryPort(port);
  } catch (error) {
    throw explainFailure(error, options);
  }
}

async function tryPort(port: number): Promise<void> {
  const probe = createServer();
  await once(probe.listen({ host, port, exclusive: true }), 'listening');
  probe.close();
  await once(probe, 'close');
}
