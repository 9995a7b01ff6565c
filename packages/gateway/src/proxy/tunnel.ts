import type { Socket } from 'node:net';
import type { Backend } from './forwarding.ts';
import type { UpstreamConnection, UpstreamUser } from './upstream.ts';
import { closeFrameToClient, closeFrameToServer, FrameBoundary } from './websocket-frames.ts';

/** RFC 6455, 7.4.1: the endpoint is going away, as a server does that goes down. */
const goingAway = 1001;

/** In ticks of a second. */
const maxGoingAwayTicks = 5;

export interface TunnelOptions {
  readonly client: Socket;
  readonly upstream: UpstreamConnection;
  readonly backend: Backend;
  readonly isWebSocket: boolean;
  /** Masks the one frame that we send; a mask only has to be unpredictable to scripts in browsers. */
  readonly random: () => number;
}

/** Two sockets that have left HTTP. Everything passes; a WebSocket can be asked to close between two frames. */
export class Tunnel implements UpstreamUser {
  readonly #options: TunnelOptions;
  readonly #fromServer = new FrameBoundary();
  readonly #fromClient = new FrameBoundary();
  #isGoingAway = false;
  #hasToldClient = false;
  #hasToldServer = false;
  #isClosed = false;
  #cutTick: number | undefined;

  constructor(options: TunnelOptions) {
    this.#options = options;
    options.backend.openConnections += 1;
    options.upstream.endpoint.tunnels.add(this);
    options.upstream.begin(this);
  }

  onClientData(piece: Buffer): void {
    const { client, upstream, isWebSocket } = this.#options;
    if (this.#hasToldServer) return;
    const frameEnd = isWebSocket ? this.#fromClient.read(piece) : -1;
    const passed = this.#isGoingAway && frameEnd >= 0 ? piece.subarray(0, frameEnd) : piece;
    if (!upstream.socket.write(passed)) client.pause();
    if (this.#isGoingAway && frameEnd >= 0) this.#tellServer();
  }

  onUpstreamData(piece: Buffer): void {
    const { client, upstream, isWebSocket } = this.#options;
    if (this.#hasToldClient) return;
    const frameEnd = isWebSocket ? this.#fromServer.read(piece) : -1;
    const passed = this.#isGoingAway && frameEnd >= 0 ? piece.subarray(0, frameEnd) : piece;
    if (!client.write(passed)) upstream.socket.pause();
    if (this.#isGoingAway && frameEnd >= 0) this.#tellClient();
  }

  onClientDrain(): void {
    this.#options.upstream.socket.resume();
  }

  onUpstreamDrain(): void {
    this.#options.client.resume();
  }

  onUpstreamEnd(error: Error | undefined): void {
    if (error === undefined) this.#options.client.end();
    else this.#options.client.destroy();
    this.#close();
  }

  onClientEnd(): void {
    this.#options.upstream.socket.end();
    this.#close();
  }

  /** A WebSocket gets a close frame each way as soon as no frame is under way; what else was agreed on is simply closed. */
  goAway(): void {
    this.#isGoingAway = true;
    if (!this.#options.isWebSocket) {
      this.#options.client.end();
      this.#options.upstream.socket.end();
      return;
    }
    if (this.#fromServer.isBetweenFrames) this.#tellClient();
    if (this.#fromClient.isBetweenFrames) this.#tellServer();
  }

  /** Once a second: who was asked to leave and does not is cut off. */
  checkTime(tick: number): void {
    if (!this.#isGoingAway) return;
    this.#cutTick ??= tick + maxGoingAwayTicks;
    if (tick < this.#cutTick) return;
    this.#options.client.destroy();
    this.#options.upstream.destroy();
    this.#close();
  }

  #tellClient(): void {
    if (this.#hasToldClient) return;
    this.#hasToldClient = true;
    this.#options.client.end(closeFrameToClient(goingAway));
  }

  #tellServer(): void {
    if (this.#hasToldServer) return;
    this.#hasToldServer = true;
    const mask = Uint8Array.from({ length: 4 }, () => Math.floor(this.#options.random() * 256));
    this.#options.upstream.socket.end(closeFrameToServer(goingAway, mask));
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.backend.openConnections -= 1;
    this.#options.upstream.endpoint.tunnels.delete(this);
  }
}
