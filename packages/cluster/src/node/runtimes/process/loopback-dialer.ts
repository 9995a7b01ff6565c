import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

export interface LoopbackDialer {
  /** Absolute path. */
  readonly nsenter: string;
  readonly nodeProgram: string;
  /** A process in the network namespace that is meant. */
  readonly holderPid: number;
}

/**
 * Connects in the namespace that it was started in and hands the connection over, which stays there. It reads nothing
 * before: that would be lost.
 */
const script = `
const socket = require('node:net').connect({ host: '127.0.0.1', port: Number(process.argv[1]), noDelay: true });
socket.pause();
socket.once('connect', () => process.send('connected', socket, () => process.disconnect()));
socket.once('error', ({ code, message }) => process.send({ code, message }, () => process.disconnect()));
`;

/** A process for each connection, which ends once it has made it: no process can be in two network namespaces. */
export function dialLoopback({ nsenter, nodeProgram, holderPid }: LoopbackDialer, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const words = [`--target=${holderPid}`, '--net', '--', nodeProgram, '-e', script, String(port)];
    const child = spawn(nsenter, words, { env: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    child.once('error', reject);
    child.once('message', (said, handed) => {
      if (!(handed instanceof Socket)) {
        reject(Object.assign(new Error('nothing listens there'), typeof said === 'object' ? said : {}));
        return;
      }
      handed.allowHalfOpen = true;
      resolve(handed);
    });
    child.once('exit', (code) => reject(new Error(`port ${port} was not dialled: exit code ${code ?? 'none'}`)));
  });
}
