import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

export interface LoopbackDialerOptions {
  /** Absolute path. */
  readonly nsenter: string;
  readonly nodeProgram: string;
  /** A process in the network namespace that is meant. */
  readonly holderPid: number;
  /** How long a connection may take to be made. */
  readonly limitMilliseconds: number;
}

export type DialLoopback = (port: number, signal?: AbortSignal) => Promise<Socket>;

const mostAtOnce = 16;

/**
 * Connects in the namespace that it was started in and hands the connection over, which stays there. It reads nothing
 * before: that would be lost.
 */
const script = `
const dial = ([host, ...others], fault) => {
  const socket = require('node:net').connect({ host, port: Number(process.argv[1]), noDelay: true });
  socket.pause();
  socket.once('connect', () => process.send('connected', socket, () => process.disconnect()));
  socket.once('error', (error) => {
    const { code, message } = fault ?? error;
    if (others.length > 0) dial(others, error);
    else process.send({ code, message }, () => process.disconnect());
  });
};
dial(['127.0.0.1', '::1']);
`;

/**
 * A process for each connection, which ends once it has made it: no process can be in two network namespaces. What takes too
 * long, or is waited for by nobody any more, is killed, and there are never many at once.
 */
export function createLoopbackDialer(options: LoopbackDialerOptions): DialLoopback {
  let running = 0;
  return async (port, signal) => {
    if (running === mostAtOnce) throw new Error(`${mostAtOnce} connections to this pod are being made already`);
    running += 1;
    try {
      return await dial(options, port, signal);
    } finally {
      running -= 1;
    }
  };
}

function dial(
  { nsenter, nodeProgram, holderPid, limitMilliseconds }: LoopbackDialerOptions,
  port: number,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const words = [`--target=${holderPid}`, '--net', '--', nodeProgram, '-e', script, String(port)];
    const child = spawn(nsenter, words, {
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      timeout: limitMilliseconds,
      killSignal: 'SIGKILL',
      ...(signal === undefined ? {} : { signal }),
    });
    child.once('error', reject);
    child.once('message', (said, handed) => {
      if (!(handed instanceof Socket)) {
        reject(Object.assign(new Error('nothing listens there'), typeof said === 'object' ? said : {}));
        return;
      }
      handed.allowHalfOpen = true;
      resolve(handed);
    });
    child.once('exit', (code, signal) =>
      reject(new Error(`port ${port} was not dialled: exit code ${code ?? signal ?? 'none'}`)),
    );
  });
}
