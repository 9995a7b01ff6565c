import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { HelperReport } from './helper-options.ts';

/**
 * The socket on which a server waits for the helper that it has started. Until the helper is ready nobody else knows of
 * it, so it must not outlive a server that is killed meanwhile: `onAbandoned` is called when that happens. A server that
 * is killed later is followed by another one, which asks on the control socket.
 */
export class ReportChannel {
  readonly #fd: number;
  readonly #socket: Socket;

  constructor(fd: number, onAbandoned: () => void) {
    this.#fd = fd;
    this.#socket = new Socket({ fd, readable: true, writable: true });
    const abandon = (): void => {
      if (!this.#socket.destroyed) onAbandoned();
    };
    this.#socket.once('end', abandon).once('error', abandon).resume();
  }

  /** Said once: the server reads no more than that, and may be gone by then. */
  send(report: HelperReport): void {
    if (this.#socket.destroyed) return;
    try {
      writeSync(this.#fd, `${JSON.stringify(report)}\n`);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
    } finally {
      this.#socket.destroy();
    }
  }
}
