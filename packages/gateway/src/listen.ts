import type { Server } from 'node:net';
import { messageOf } from '@slipway/kube/message-of';

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

interface SharedListenAddress extends ListenAddress {
  /** Lets itself be joined on its port by others of the same user that say so too. */
  readonly reusePort?: boolean;
}

/** Nobody can be served at an address: another program has it, or it is not this machine's. */
export class ListenError extends Error {
  readonly address: ListenAddress;

  constructor(address: ListenAddress, cause: unknown) {
    super(`cannot listen on ${address.host}:${address.port}: ${describe(cause)}`, { cause });
    this.name = 'ListenError';
    this.address = address;
  }
}

/** A crowd that comes at once waits here until it is accepted; nobody who finds no room can wait at a path. */
const backlog = 4_096;

/**
 * Resolves with the port, 0 for a path. Rejects with `ListenError` if nobody can be served at a host and port. After that
 * `onRefused` is told of connections that could not be taken, for want of file descriptors mostly: the next one may be.
 */
export function listen(
  server: Server,
  address: SharedListenAddress | { readonly path: string },
  onRefused: (error: Error) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => reject('path' in address ? error : new ListenError(address, error));
    server.once('error', onError);
    server.listen({ ...address, backlog }, () => {
      server.off('error', onError).on('error', onRefused);
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : 0);
    });
  });
}

function describe(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE')
    return 'another program uses the port; stop it or choose another port (0 takes any free one)';
  if (code === 'EACCES') return 'ports below 1024 need the rights of root; choose a higher port';
  return messageOf(cause);
}
