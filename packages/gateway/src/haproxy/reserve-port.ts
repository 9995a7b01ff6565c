import { createServer, type Socket } from 'node:net';
import { listen, type ListenAddress } from '../listen.ts';

/** A port for HAProxy. One that the kernel chose is nobody else's until it is given back. */
export interface ReservedPort extends AsyncDisposable {
  readonly port: number;
}

/**
 * HAProxy is told a port and asks for it a while later. Until then one that the kernel chose is held by a socket that lets
 * itself be joined by others of the same user that say the same of themselves, as HAProxy's do. A port that is named is not
 * held: its clients know it, and of two that share a port the kernel gives some of them to the one that serves nobody. Without
 * anybody there they learn at once that they may try again. Rejects with `ListenError` where somebody has it.
 */
export async function reservePort(address: ListenAddress): Promise<ReservedPort> {
  if (address.port === 0) return open(address, true);
  // Another HAProxy would let itself be joined too: that somebody has it learns only who wants it alone.
  await (await open(address, false))[Symbol.asyncDispose]();
  return { port: address.port, [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function open(address: ListenAddress, reusePort: boolean): Promise<ReservedPort> {
  const server = createServer(refuse);
  const port = await listen(server, { ...address, reusePort }, () => undefined);
  return {
    port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Nobody serves yet. */
function refuse(socket: Socket): void {
  socket.resetAndDestroy();
}
