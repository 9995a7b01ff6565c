import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '@slipway/kube/clock';
import { ClientAffinity } from './client-affinity.ts';
import type { ServiceTarget } from './service-table.ts';

/** What is listened for, whatever the protocol. */
export interface Listening {
  listen(address: string, port: number): Promise<void>;
  setTargets(targets: readonly ServiceTarget[], affinitySeconds?: number): void;
  /** Takes nothing new. */
  close(): void;
}

/** A target that neither accepts nor refuses within this time is left for the next one. */
const connectTimeoutMilliseconds = 2_000;

/**
 * Accepts connections for one address of a service and joins each with a target, in turn, or the one that the client had
 * before. Connections that are joined are
 * never cut here: a target that leaves the list only gets no new ones.
 */
export class ServiceListener implements Listening {
  private readonly server: Server;
  private readonly affinity: ClientAffinity;
  private targets: readonly ServiceTarget[] = [];
  private affinitySeconds: number | undefined;

  constructor(clock: Clock) {
    this.affinity = new ClientAffinity(clock);
    this.server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
      this.join(client, this.affinity.order(this.targets, client.remoteAddress ?? '', this.affinitySeconds));
    });
  }

  setTargets(targets: readonly ServiceTarget[], affinitySeconds?: number): void {
    this.targets = targets;
    this.affinitySeconds = affinitySeconds;
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

  /** The others are tried when the first refuses. */
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
      if (this.affinitySeconds !== undefined) this.affinity.remember(client.remoteAddress ?? '', target);
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
