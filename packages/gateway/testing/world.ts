import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import {
  connect,
  createServer as createRawServer,
  type AddressInfo,
  type Server as RawServer,
  type Socket,
} from 'node:net';
import { systemClock } from '@slipway/kube/platform/system-clock';
import type { DataPlane } from '../src/data-plane.ts';
import { Proxy } from '../src/proxy/proxy.ts';
import {
  emptyRoutingTable,
  type EndpointAddress,
  type RouteBackend,
  type RouteRule,
  type RoutingTable,
} from '../src/routing/routing-table.ts';

/**
 * Nobody else's: a port of it that is given back goes to no program that asks for any free one elsewhere, nor to a
 * connection that leaves this machine's usual address.
 */
const ownAddress = `127.84.${(process.pid >> 8) & 255}.${process.pid & 255}`;

/** Real backends and a real data plane on free ports; `close` ends all of it. */
export class World {
  readonly plane: DataPlane;
  readonly #closers: (() => Promise<void>)[] = [];
  port = 0;

  constructor(plane: DataPlane = new Proxy({ clock: systemClock, random: Math.random })) {
    this.plane = plane;
  }

  async start(): Promise<this> {
    this.port = await this.plane.listen({ host: '127.0.0.1', port: 0 });
    return this;
  }

  /** An application on node:http, at a port that is free unless one is named. */
  async backend(listener: RequestListener, port = 0): Promise<EndpointAddress & { server: Server }> {
    const server = createServer(listener);
    return { ...(await this.#listen(server, port)), server };
  }

  /** An application that speaks whatever it likes. */
  async rawBackend(listener: (socket: Socket) => void): Promise<EndpointAddress & { server: RawServer }> {
    const sockets = new Set<Socket>();
    const server = createRawServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
      listener(socket);
    });
    this.#closers.push(() => {
      for (const socket of sockets) socket.destroy();
      return Promise.resolve();
    });
    return { ...(await this.#listen(server)), server };
  }

  /** A port on which nobody listens. */
  async deadEndpoint(): Promise<EndpointAddress> {
    const server = createRawServer().listen(0, ownAddress);
    await once(server, 'listening');
    const port = portOf(server);
    await new Promise((resolve) => server.close(resolve));
    return { address: ownAddress, port };
  }

  /** Everything goes to these backends. */
  route(
    backends: readonly (Partial<RouteBackend> & { readonly endpoints: readonly EndpointAddress[] })[],
    options: Partial<RouteRule> = {},
  ): Promise<void> {
    return this.plane.install(tableOf(backends, options));
  }

  async close(): Promise<void> {
    await this.plane.close(0);
    await Promise.all(this.#closers.map((close) => close()));
  }

  async #listen(server: RawServer, port = 0): Promise<EndpointAddress> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.#closers.push(
      () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function')
            server.closeAllConnections();
        }),
    );
    return { address: '127.0.0.1', port: portOf(server) };
  }
}

export function tableOf(
  backends: readonly (Partial<RouteBackend> & { readonly endpoints: readonly EndpointAddress[] })[],
  options: Partial<RouteRule> = {},
): RoutingTable {
  const rule = ruleOf(backends, options);
  return { ...emptyRoutingTable, rules: [rule], anyHost: [{ path: '/', match: 'Prefix', rule }] };
}

export function ruleOf(
  backends: readonly (Partial<RouteBackend> & { readonly endpoints: readonly EndpointAddress[] })[],
  options: Partial<RouteRule> = {},
): RouteRule {
  return {
    backends: backends.map((backend, index) => ({
      namespace: 'default',
      application: 'shop',
      service: `shop-${index}`,
      version: String(index + 1),
      weight: 100,
      drainSeconds: 30,
      ...backend,
    })),
    compression: false,
    responseHeaders: new Map(),
    ...options,
  };
}

export function portOf(server: RawServer): number {
  const address: AddressInfo | string | null = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server does not listen');
  return address.port;
}

export async function bodyOf(message: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of message.setEncoding('latin1')) text += String(piece);
  return text;
}

/** Sends bytes and collects the answer until the connection ends or `until` is in it. */
export async function exchangeRaw(port: number, bytes: string, until?: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write(bytes, 'latin1');
  const text = await readUntil(socket, until);
  socket.destroy();
  return text;
}

export function readUntil(socket: Socket, until?: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const onData = (piece: Buffer): void => {
      text += piece.toString('latin1');
      if (until !== undefined && text.includes(until)) finish();
    };
    const finish = (): void => {
      socket.off('data', onData);
      resolve(text);
    };
    socket.on('data', onData);
    socket.once('close', finish);
    socket.on('error', () => socket.destroy());
  });
}

/** Resolves as soon as `holds`. */
export async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}
