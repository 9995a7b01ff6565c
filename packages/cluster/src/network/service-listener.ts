import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ServiceTarget } from './service-table.ts';

/** A target that neither accepts nor refuses within this time is left for the next one. */
const connectTimeoutMilliseconds = 2_000;

/**
 * Accepts connections for one address of a service and joins each with a target, in turn. Connections that are joined are
 * never cut here: a target that leaves the list only gets no new ones.
 */
export class ServiceListener {
  private readonly server: Server;
  private targets: readonly ServiceTarget[] = [];
  private next = 0;

  constructor() {
    this.server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
      this.join(client, this.nextTargets());
    });
  }

  setTargets(targets: readonly ServiceTarget[]): void {
    this.targets = targets;
  }

  listen(address: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host: address, port, exclusive: true }, () => {
        this.server.off('error', reject);
        // Running out of descriptors ends single connections, not the service.
        this.server.on('error', () => {});
        resolve();
      });
    });
  }

  /** Stops accepting. Joined connections go on. */
  close(): void {
    this.server.close();
  }

  /** All targets, beginning with the one whose turn it is: the others are tried when it refuses. */
  private nextTargets(): readonly ServiceTarget[] {
    const start = this.next % Math.max(1, this.targets.length);
    this.next = start + 1;
    return [...this.targets.slice(start), ...this.targets.slice(0, start)];
  }

  private join(client: Socket, [target, ...others]: readonly ServiceTarget[]): void {
    client.on('error', () => client.destroy());
    if (target === undefined) {
      breakOff(client);
      return;
    }
    const upstream = open(target);
    const stopWaiting = (): void => {
      upstream.destroy(new Error('the endpoint does not answer'));
    };
    upstream.setTimeout(connectTimeoutMilliseconds, stopWaiting);
    const giveUp = (): void => {
      upstream.destroy();
    };
    client.once('close', giveUp);
    const tryNext = (): void => {
      client.off('close', giveUp);
      if (!client.destroyed) this.join(client, others);
    };
    upstream.once('error', tryNext);
    upstream.once('connect', () => {
      upstream.off('error', tryNext);
      upstream.setTimeout(0);
      splice(client, upstream);
    });
  }
}

function open(target: ServiceTarget): Socket {
  return target.kind === 'socket'
    ? connect({ path: target.path, allowHalfOpen: true })
    : connect({ host: target.address, port: target.port, allowHalfOpen: true, noDelay: true });
}

/** A side that breaks breaks the other in the same way, so that neither mistakes half an answer for a whole one. */
function splice(client: Socket, upstream: Socket): void {
  upstream.on('error', () => breakOff(client));
  client.on('error', () => breakOff(upstream));
  client.once('close', () => upstream.destroy());
  upstream.once('close', () => client.destroySoon());
  client.pipe(upstream);
  upstream.pipe(client);
}

/** Only TCP knows a reset. */
function breakOff(socket: Socket): void {
  if (socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
