/** The deployment server beside an embedded cluster: a process of its own, so that its work never holds up a request. */
import { spawn, type ChildProcess } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJsonLogger } from '@slipway/kube/platform/json-logger';
import type { LogOutput } from '@slipway/kube/platform/log-output';
import { systemClock } from '@slipway/kube/platform/system-clock';
import type { GatewayPorts } from '@slipway/server/view/preview';
import type { DataDirectory } from './data-directory.ts';
import { keepServing, type ServerRun } from './keep-serving.ts';
import { nextPlace, portOf, type ServerPlace } from './server-place.ts';

/** What the process is told when it has started. */
export interface BesideOptions {
  readonly kubeconfig: string;
  readonly port: number;
  /** A file of SQLite, or none where the cluster keeps nothing. */
  readonly database: string;
  readonly tokenFile: string;
  /** Notifications may lead to private addresses and to this machine. */
  readonly allowPrivateTargets: boolean;
  readonly gatewayPorts: GatewayPorts;
}

export interface Beside {
  /** Where it begins. */
  readonly place: ServerPlace;
  /** Whether somebody asked for its port. */
  readonly isPortNamed: boolean;
  /** Told where it is from now on, or why it is not there, where that is another than before. */
  readonly onPlace: (place: ServerPlace) => Promise<void>;
  readonly directory: DataDirectory;
  readonly ephemeral: boolean;
  readonly allowPrivateTargets: boolean;
  readonly gatewayPorts: GatewayPorts;
  readonly log: LogOutput;
}

/** What the process has to end by itself: what it still answers is bounded by this. */
const endMilliseconds = 3_000;

/** As little as it needs: it is idle nearly all of the time. */
const heapOptions = ['--max-semi-space-size=4'];

/** Begins it, again when it ends. Gives the way to end it, which resolves when it has. */
export function openServerBeside(beside: Beside): () => Promise<void> {
  const stopping = new AbortController();
  const logger = createJsonLogger({ output: beside.log, clock: systemClock, level: 'warn' });
  const done = keepServing({
    place: beside.place,
    look: (place) => nextPlace(place, beside.isPortNamed),
    serve: (place, run) => runOnce(beside, place, run),
    onPlace: beside.onPlace,
    clock: systemClock,
    logger,
    signal: stopping.signal,
  });
  return () => {
    stopping.abort();
    return done;
  };
}

async function runOnce(
  { directory, ephemeral, allowPrivateTargets, gatewayPorts }: Beside,
  place: ServerPlace,
  { signal, onListening }: ServerRun,
): Promise<string> {
  // Its database is gone with the one before it, and every token with that.
  if (ephemeral) await rm(place.tokenFile, { force: true });
  const log = await open(join(directory.log, 'deployment-server.log'), 'a', 0o600);
  try {
    if (signal.aborted) return 'it was asked to';
    // In a session of its own: Ctrl-C is for the cluster, which ends this in its turn.
    const child = spawn(process.execPath, [...heapOptions, entry, 'deployment-process'], {
      detached: true,
      stdio: ['ignore', 'ignore', log.fd, 'ipc'],
      cwd: directory.path,
    });
    child.once('message', onListening);
    const options: BesideOptions = {
      kubeconfig: directory.kubeconfig,
      port: portOf(place),
      database: ephemeral ? ':memory:' : join(directory.deploymentServer, 'server.db'),
      tokenFile: place.tokenFile,
      allowPrivateTargets,
      gatewayPorts,
    };
    return await endOf(child, options, signal);
  } finally {
    await log.close();
    if (ephemeral) await rm(place.tokenFile, { force: true });
  }
}

const entry = fileURLToPath(new URL('../../bin/slipway.js', import.meta.url));

function endOf(child: ChildProcess, options: BesideOptions, signal: AbortSignal): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill('SIGTERM');
    timer = setTimeout(() => child.kill('SIGKILL'), endMilliseconds);
  };
  child.once('error', (error) => resolve(error.message));
  child.once('exit', (code, name) => resolve(name ?? `exit code ${code}`));
  child.send(options, (error) => {
    // It has ended before it could listen; its exit says more.
    if (error !== null) child.kill('SIGKILL');
  });
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  });
}
