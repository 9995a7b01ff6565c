/**
 * Closed load on raw sockets: so many connections, each with one request under way. Arguments: port, connections, seconds.
 * Prints `{ requests, seconds, p50, p99, failed }` as JSON, latencies in milliseconds.
 */
import { connect } from 'node:net';

const [port = 0, connections = 32, seconds = 3] = process.argv.slice(2).map(Number);
const head =
  'GET /path?query=1 HTTP/1.1\r\nHost: bench.localhost\r\nUser-Agent: bench\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n';
/** The first digit of the status in `HTTP/1.1 200`. */
const statusAt = 9;
const success = 0x32;

const latencies: number[] = [];
let failed = 0;
const end = performance.now() + seconds * 1_000;

/** All answers of one proxy are equally long: the first is read, the others are only counted. */
let answerLength = 0;

function run(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let sentAt = 0;
    let received = 0;
    const send = (): void => {
      received = 0;
      sentAt = performance.now();
      socket.write(head, 'latin1');
    };
    socket.setNoDelay(true);
    socket.on('connect', send);
    socket.on('data', (piece) => {
      if (received === 0 && piece[statusAt] !== success) failed += 1;
      if (answerLength === 0) answerLength = lengthOf(piece.toString('latin1'));
      received += piece.length;
      if (received < answerLength) return;
      if (received > answerLength) failed += 1;
      latencies.push(performance.now() - sentAt);
      if (performance.now() < end) send();
      else socket.destroy();
    });
    socket.on('error', () => {
      failed += 1;
      socket.destroy();
    });
    socket.on('close', () => resolve());
  });
}

/** Of head and body; on a loopback connection the first piece holds the whole head. */
function lengthOf(text: string): number {
  const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
  return text.indexOf('\r\n\r\n') + 4 + Number(length ?? 0);
}

await Promise.all(Array.from({ length: connections }, run));
latencies.sort((a, b) => a - b);
const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
process.stdout.write(
  `${JSON.stringify({ requests: latencies.length, seconds, p50: at(0.5), p99: at(0.99), failed })}\n`,
);
