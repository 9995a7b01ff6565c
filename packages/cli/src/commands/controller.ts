import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { installKinds } from '@slipway/delivery/install-kinds';
import { startDelivery } from '@slipway/delivery/start-delivery';
import { electionDurations } from '@slipway/kube/lease-claim';
import { createJsonLogger } from '@slipway/kube/platform/json-logger';
import { outliveOutput } from '@slipway/kube/platform/log-output';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { isStatusReason } from '@slipway/kube/status-error';
import { awaitServer } from '../connection/await-server.ts';
import { connect, type Connection } from '../connection/connection.ts';
import type { GlobalOptions } from '../global-options.ts';
import { note, print, printLine } from '../output/output.ts';
import { reactToStop, unlessStopped } from '../stop-signal.ts';

export interface ControllerOptions extends GlobalOptions {
  readonly leaseSeconds: number;
  readonly healthDirect: boolean;
}

/** The delivery controller as a process of its own, against any cluster. Ends on SIGTERM and SIGINT, and gives its lease back. */
export async function controller(options: ControllerOptions): Promise<void> {
  const connection = await connect(options);
  const stopping = new AbortController();
  const { signal } = stopping;
  reactToStop({
    signals: ['SIGTERM', 'SIGINT'],
    onStop: (name) => stopping.abort(new Error(name)),
    onInsist: () => process.exit(130),
  });
  await unlessStopped(signal, async () => {
    await awaitServer({ connection, clock: systemClock, signal, say: note });
    await control(connection, options, signal);
  });
}

async function control({ client, server }: Connection, options: ControllerOptions, signal: AbortSignal): Promise<void> {
  outliveOutput();
  const logger = createJsonLogger({ output: process.stderr, clock: systemClock, level: 'info' });
  await installKinds(client, signal).catch((error: unknown) => {
    if (!isStatusReason(error, 'Forbidden')) throw error;
    logger.warn('no right to install the kinds of Slipway; they have to be there', { error });
  });
  // Host and process do not suffice: in a pod both stay the same when the container is started again, and others may share them.
  const identity = `${hostname()}_${randomUUID()}`;
  const running = startDelivery({
    client,
    clock: systemClock,
    random: Math.random,
    logger,
    identity,
    durations: electionDurations(options.leaseSeconds),
    healthReach: options.healthDirect ? 'direct' : 'proxy',
    signal,
  });
  if (options.output === undefined) print(`Delivery controller ${identity} runs against ${server}.`);
  else await printLine({ identity, server }, options.output);
  await running.done;
}
