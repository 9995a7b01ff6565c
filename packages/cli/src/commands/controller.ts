import { startDelivery } from '@slipway/delivery/start-delivery';
import { createJsonLogger } from '@slipway/kube/platform/json-logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { hostname } from 'node:os';
import { connect, type ConnectionOptions } from '../connection/connection.ts';
import { print } from '../output/output.ts';

/** The delivery controller as a process of its own, against any cluster. Ends on SIGTERM and SIGINT. */
export async function controller(options: ConnectionOptions): Promise<void> {
  const { client, server } = await connect(options);
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort(new Error(signal)));
  const running = startDelivery({
    client,
    clock: systemClock,
    random: Math.random,
    logger: createJsonLogger({ output: process.stderr, clock: systemClock, level: 'info' }),
    identity: `${hostname()}-${process.pid}`,
    signal: stopping.signal,
  });
  print(`Delivery controller runs against ${server}.`);
  await running.done;
}
