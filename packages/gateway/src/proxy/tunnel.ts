import type { Socket } from 'node:net';
import type { Backend } from './backend.ts';
import type { UpstreamConnection, UpstreamUser } from './upstream.ts';
import { closeFrameToClient, closeFrameToServer, FrameBoundary } from './websocket-frames.ts';

/** RFC 6455, 7.4.1: the endpoint is going away, as a server does that goes down. */
const goingAway = 1001;

/** In ticks of a second. */
const maxGoingAwayTicks = 5;
const maxHalfClosedTicks = 60;

export interface TunnelOptions {
  readonly client: Socket;
  readonly upstream: UpstreamConnection;
  readonly backend: Backend;
  readonly isWebSocket: boolean;
  /** Masks the one frame that we send; a mask only has to be unpredictable to scripts in browsers. */
  readonly random: () => number;
  readonly onClose: () => void;
}

/** Two sockets that have left HTTP. Everything passes; a WebSocket can be asked to close between two frames. */
export class Tunnel implements UpstreamUser {
  readonly #options: TunnelOptions;
  readonly #fromServer = new FrameBoundary();
  readonly #fromClient = new FrameBoundary();
  #isGoingAway = false;
  /** One side has ended; the other one may go on as long as something comes of it. */
  #isHalfClosed = false;
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
    if (this.#hasToldServer || this.#isClosed) return;
    this.#onProgress();
    const frameEnd = isWebSocket ? this.#fromClient.read(piece) : -1;
    const passed = this.#isGoingAway && frameEnd >= 0 ? piece.subarray(0, frameEnd) : piece;
    if (!upstream.socket.write(passed)) client.pause();
    if (this.#isGoingAway && frameEnd >= 0) this.#tellServer();
  }

  onUpstreamData(piece: Buffer): void {
    const { client, upstream, isWebSocket } = this.#options;
    if (this.#hasToldClient) return;
    this.#onProgress();
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
    this.#isHalfClosed = true;
    if (error === undefined) this.#options.client.end();
    else this.#options.client.destroy();
    this.#close();
  }

  /** It sends nothing more, but may still be told something. */
  onClientEnd(): void {
    this.#isHalfClosed = true;
    this.#options.upstream.socket.end();
  }

  /** It is gone; what it has said still reaches the backend. */
  onClientClose(): void {
    this.#options.upstream.socket.destroySoon();
    this.#close();
  }

  /** A WebSocket gets a close frame each way as soon as no frame is under way; what else was agreed on is simply closed. */
  goAway(): void {
    if (!this.#isGoingAway) this.#cutTick = undefined;
    this.#isGoingAway = true;
    if (!this.#options.isWebSocket) {
      this.#options.client.end();
      this.#options.upstream.socket.end();
      return;
    }
    if (this.#fromServer.isBetweenFrames) this.#tellClient();
    if (this.#fromClient.isBetweenFrames) this.#tellServer();
  }

  /** Once a second: who was asked to leave and does not is cut off, and so is a half of which nothing comes. */
  checkTime(tick: number): void {
    if (!this.#isGoingAway && !this.#isHalfClosed) return;
    this.#cutTick ??= tick + (this.#isGoingAway ? maxGoingAwayTicks : maxHalfClosedTicks);
    if (tick < this.#cutTick) return;
    this.#options.client.destroy();
    this.#options.upstream.destroy();
    this.#close();
  }

  #onProgress(): void {
    if (this.#isHalfClosed && !this.#isGoingAway) this.#cutTick = undefined;
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
    this.#options.onClose();
  }
}
