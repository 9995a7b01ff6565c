import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { installKinds } from '@slipway/delivery/install-kinds';
import { startDelivery } from '@slipway/delivery/start-delivery';
import { electionDurations } from '@slipway/kube/lease-claim';
import { createJsonLogger } from '@slipway/kube/platform/json-logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { isStatusReason } from '@slipway/kube/status-error';
import { connect } from '../connection/connection.ts';
import type { GlobalOptions } from '../global-options.ts';
import { print, printLine } from '../output/output.ts';

export interface ControllerOptions extends GlobalOptions {
  readonly leaseSeconds: number;
  readonly healthDirect: boolean;
}

/** The delivery controller as a process of its own, against any cluster. Ends on SIGTERM and SIGINT, and gives its lease back. */
export async function controller(options: ControllerOptions): Promise<void> {
  const { client, server } = await connect(options);
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort(new Error(signal)));
  const logger = createJsonLogger({ output: process.stderr, clock: systemClock, level: 'info' });
  await installKinds(client, stopping.signal).catch((error: unknown) => {
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
    signal: stopping.signal,
  });
  if (options.output === undefined) print(`Delivery controller ${identity} runs against ${server}.`);
  else await printLine({ identity, server }, options.output);
  await running.done;
}
