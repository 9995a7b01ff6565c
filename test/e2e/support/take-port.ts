import { createServer, type Server } from 'node:net';

export interface TakenPort {
  readonly port: string;
  readonly server: Server;
}

/** A port of 127.0.0.1 on which something listens until `server` is closed. */
export async function takePort(): Promise<TakenPort> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server listens on no port');
  return { port: String(address.port), server };
}
