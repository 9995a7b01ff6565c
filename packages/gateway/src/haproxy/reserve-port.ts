import { createServer, type Socket } from 'node:net';
import { listen, type ListenAddress } from '../listen.ts';

/** A port that HAProxy can have and no other program, until it is given back. */
export interface ReservedPort extends AsyncDisposable {
  readonly port: number;
}

/**
 * HAProxy is told a port and asks for it a while later. Until then it is held by a socket that lets itself be joined by
 * others of the same user that say the same of themselves, as HAProxy's do. Rejects with `ListenError` where somebody has it.
 */
export async function reservePort(address: ListenAddress): Promise<ReservedPort> {
  // Another HAProxy would let itself be joined too: that somebody has it learns only who wants it alone. A port that the
  // kernel chooses is nobody's.
  if (address.port !== 0) await (await open(address, false))[Symbol.asyncDispose]();
  return open(address, true);
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
