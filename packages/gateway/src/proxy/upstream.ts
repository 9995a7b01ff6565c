import type { Socket } from 'node:net';
import type { EndpointAddress } from '../routing/routing-table.ts';
import { FlushGate } from './flush-gate.ts';

/** What an upgraded request has become: nothing but its end can be asked of it. */
export interface OpenTunnel {
  goAway(): void;
}

/** Who is being served by an upstream connection. */
export interface UpstreamUser {
  onUpstreamData(piece: Buffer): void;
  onUpstreamDrain(): void;
  /** The backend closed its side or the connection is gone; called once. */
  onUpstreamEnd(error: Error | undefined): void;
}

/** Idle connections that are kept for one endpoint. */
const maxIdle = 256;

/** After such a silence the kernel asks whether the other machine is still there: nothing else tells of one that has just gone. */
export const probeMilliseconds = 30_000;

/** In ticks of a second, unless the backend announces a shorter time. */
const maxIdleTicks = 30;

/** One pod's port: its connections, kept alive across routing tables. */
export class Endpoint {
  readonly address: string;
  readonly port: number;
  readonly tunnels = new Set<OpenTunnel>();
  readonly flushGate = new FlushGate();
  openRequests = 0;
  #isRetired = false;
  readonly #idle: UpstreamConnection[] = [];
  readonly #dial: (endpoint: EndpointAddress) => Socket;

  constructor(address: EndpointAddress, dial: (endpoint: EndpointAddress) => Socket) {
    this.address = address.address;
    this.port = address.port;
    this.#dial = dial;
  }

  connect(): UpstreamConnection {
    return new UpstreamConnection(this, this.#dial(this));
  }

  /** The newest idle connection, which is the least likely to be closed by now. */
  takeIdle(): UpstreamConnection | undefined {
    return this.#idle.pop();
  }

  putIdle(connection: UpstreamConnection): void {
    if (this.#idle.length < maxIdle && !this.#isRetired) this.#idle.push(connection);
    else connection.reset();
  }

  forget(connection: UpstreamConnection): void {
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  /** Nothing new will come: connections end with what they carry. */
  retire(): void {
    this.#isRetired = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  closeExpired(tick: number): void {
    // `destroy` calls `forget` later, which changes the list.
    for (const connection of this.#idle.filter((idle) => idle.expires <= tick)) {
      this.forget(connection);
      connection.destroy();
    }
  }
}

/** One connection to a backend; serves one user at a time and waits in its endpoint's pool between them. */
export class UpstreamConnection {
  readonly endpoint: Endpoint;
  readonly socket: Socket;
  isConnected: boolean;
  /** Whether it has carried a request before. */
  isReused = false;
  /** The tick at which it must no longer be idle. */
  expires = 0;
  #user: UpstreamUser | undefined;
  #error: Error | undefined;

  constructor(endpoint: Endpoint, socket: Socket) {
    this.endpoint = endpoint;
    this.socket = socket;
    this.isConnected = !socket.connecting;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, probeMilliseconds);
    socket.on('connect', () => (this.isConnected = true));
    socket.on('data', (piece: Buffer) => this.#onData(piece));
    socket.on('drain', () => this.#user?.onUpstreamDrain());
    socket.on('error', (error: Error) => (this.#error = error));
    socket.on('end', () => this.#onEnd());
    socket.on('close', () => this.#onEnd());
  }

  begin(user: UpstreamUser): void {
    this.#user = user;
  }

  /** The user has all that it wanted; `keepAliveSeconds` is what the backend announced. */
  release(tick: number, keepAliveSeconds: number | undefined): void {
    this.#user = undefined;
    this.isReused = true;
    // A second less than announced: a request that is on its way when the backend closes would have to be sent again.
    this.expires = tick + Math.min(maxIdleTicks, (keepAliveSeconds ?? maxIdleTicks) - 1);
    if (this.expires <= tick || this.socket.destroyed) this.destroy();
    else this.endpoint.putIdle(this);
  }

  destroy(): void {
    this.#user = undefined;
    this.socket.destroy();
  }

  /** Ends it at once, when nothing is on its way: many closed the polite way would use up the ports of this machine. */
  reset(): void {
    this.#user = undefined;
    this.socket.resetAndDestroy();
  }

  #onData(piece: Buffer): void {
    if (this.#user !== undefined) this.#user.onUpstreamData(piece);
    // Nobody asked: what it sends cannot be told from the answer to the next request.
    else this.destroy();
  }

  #onEnd(): void {
    this.endpoint.forget(this);
    const user = this.#user;
    this.#user = undefined;
    if (user === undefined) this.socket.destroy();
    else user.onUpstreamEnd(this.#error);
  }
}
