import type { FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { isStillAllowed } from '../http/access.ts';
import type { ServerContext } from '../http/context.ts';
import { identifierOf } from '../identity/principal.ts';
import { keepWatch } from './keep-watch.ts';
import { closeCodes, PacedSocket } from './paced-socket.ts';
import { type Reader, ReaderCounts } from './reader-counts.ts';

/** Runs a stream for as long as its reader may read, and closes it where it fails. */
export type Run = (request: FastifyRequest, socket: WebSocket, stream: (paced: PacedSocket) => Promise<void>) => void;

export function createRunner(context: ServerContext): Run {
  const { clock, logger } = context;
  const readers = new ReaderCounts();
  return (request, webSocket, stream) => {
    const reader = readerOf(request);
    const socket = new PacedSocket(webSocket, {
      clock,
      onLetGo: (reason) =>
        logger.info('a reader of a stream was let go', { reader: reader.name, url: request.routeOptions.url, reason }),
    });
    const refusal = readers.admit(reader, socket.gone);
    if (refusal !== undefined) return socket.close(closeCodes.tryAgainLater, refusal);
    const watching = keepWatch(socket, { clock, isAllowed: () => isStillAllowed(request, context) });
    Promise.all([stream(socket), watching]).catch((error: unknown) => {
      logger.error('a stream ended with an error', { error });
      socket.close(closeCodes.failed, 'an error of the server; come back in a moment');
    });
  };
}

/** Who comes without a login is known by where he comes from. */
function readerOf({ principal, ip }: FastifyRequest): Reader {
  const { identity } = principal;
  const hasLogin = identity.source !== 'anonymous';
  return { name: hasLogin ? identifierOf(identity) : `anonymous\n${ip}`, hasLogin };
}
