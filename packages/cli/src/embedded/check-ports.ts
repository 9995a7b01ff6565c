import { once } from 'node:events';
import { createServer } from 'node:net';
import { explainFailure } from './explain-failure.ts';
import { host, type ServerOptions } from './server-options.ts';

/** Rejects with a sentence where a port cannot be had: before anything has been written, so that nothing is left behind. */
export async function checkPorts(options: ServerOptions): Promise<void> {
  for (const port of [options.apiPort, options.gatewayPort]) {
    if (port !== 0) await checkPort(port, options);
  }
}

async function checkPort(port: number, options: ServerOptions): Promise<void> {
  const probe = createServer();
  try {
    await once(probe.listen({ host, port, exclusive: true }), 'listening');
  } catch (error) {
    throw explainFailure(error, options);
  }
  probe.close();
  await once(probe, 'close');
}
