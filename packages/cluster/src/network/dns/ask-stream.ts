import { connect, type Socket, type TcpNetConnectOpts, type IpcNetConnectOpts } from 'node:net';
import { FrameReader, frame } from './frames.ts';

const patienceMilliseconds = 8_000;

/** Asks one question on a connection of its own. Rejects when that ends without an answer. */
export function askStream(place: TcpNetConnectOpts | IpcNetConnectOpts, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const reader = new FrameReader();
    const socket: Socket = connect(place);
    socket.setTimeout(patienceMilliseconds, () => socket.destroy(new Error('no answer in time')));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection ended without an answer')));
    socket.once('connect', () => socket.write(frame(message)));
    socket.on('data', (chunk: Buffer) => {
      const [answer] = reader.read(chunk);
      if (answer === undefined) return;
      resolve(answer);
      socket.destroy();
    });
  });
}
