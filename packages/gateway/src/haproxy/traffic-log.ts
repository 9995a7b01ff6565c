import { createServer, type Server, type Socket } from 'node:net';
import { listen } from '../listen.ts';
import { clientClosedRequest, type TrafficCounters } from '../proxy/traffic.ts';
import { builtInServerName, slotOfBackend } from './runtime-state.ts';

/** One answered request: the backend of HAProxy, the server in it, status, milliseconds, how it ended. */
const line = /^(\S+) (\S+) (-?\d+) \+?(-?\d+) (.)(.)$/;
const maxLineBytes = 1_024;

/** Counts what HAProxy tells of each request when it is over. */
export class TrafficLog {
  readonly #countersOf: (slot: string) => TrafficCounters | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(countersOf: (slot: string) => TrafficCounters | undefined) {
    this.#countersOf = countersOf;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  async listen(path: string): Promise<void> {
    // HAProxy connects again.
    await listen(this.#server, { path }, () => undefined);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    let rest = '';
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => {
      const lines = (rest + piece).split('\n');
      rest = (lines.pop() ?? '').slice(-maxLineBytes);
      for (const text of lines) this.#count(text);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #count(text: string): void {
    const [, backend = '', server, status, milliseconds, cause = '-', phase = '-'] = line.exec(text) ?? [];
    // Counted there, for the version that answered.
    if (server === builtInServerName) return;
    this.#countersOf(slotOfBackend(backend))?.record(
      effectiveStatus(Number(status), cause, phase),
      Math.max(0, Number(milliseconds)) / 1_000,
    );
  }
}

/** 0 if the backend gave no whole answer, 499 if the client left before it had one; `c` is its time limit. */
export function effectiveStatus(status: number, cause: string, phase: string): number {
  const isWhole = status > 0 && phase !== 'D';
  if (isWhole) return status;
  return cause.toLowerCase() === 'c' ? clientClosedRequest : 0;
}
