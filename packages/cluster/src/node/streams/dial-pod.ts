/** A connection to a port of a pod: at the pod's address, or else at its loopback address, where some programs listen only. */
import { connect, type Socket } from 'node:net';

export interface PodAddress {
  readonly host: string;
  /** Absent: the pod has no loopback address of its own, or none that can be reached. */
  readonly dialLoopback?: ((port: number, signal?: AbortSignal) => Promise<Socket>) | undefined;
}

/**
 * Rejects with why the pod's own address cannot be reached. Each side of the connection ends for itself. The signal aborts when
 * nobody waits for it any more.
 */
export async function dialPod({ host, dialLoopback }: PodAddress, port: number, signal?: AbortSignal): Promise<Socket> {
  try {
    return await dial(host, port);
  } catch (cause) {
    if (dialLoopback === undefined || !isRefused(cause)) throw cause;
    return await dialLoopback(port, signal).catch(() => {
      throw cause;
    });
  }
}

function dial(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function isRefused(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}
