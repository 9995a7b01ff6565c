import { connect } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { limitSlowRequests } from './slow-requests.ts';

/** Sooner than Node by itself looks for the first time. */
const longestMilliseconds = 25_000;

let app: FastifyInstance;
beforeEach(() => {
  app = fastify(limitSlowRequests(300));
  app.post('/', () => 'taken');
});
afterEach(() => app.close());

it.each([
  {
    part: 'body',
    begun: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{',
  },
  { part: 'head', begun: 'POST / HTTP/1.1\r\nHost: a\r\nX-Long: ' },
])(
  'a request whose $part comes by drops is answered 408, however long it goes on',
  async ({ begun }) => {
    const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
    const socket = connect(Number(port), '127.0.0.1');
    // The connection may be gone when the next drop is sent.
    socket.on('error', () => undefined);
    socket.write(begun);
    const drops = setInterval(() => socket.write(' '), 20);
    let answer = '';
    socket.on('data', (piece) => (answer += String(piece)));
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drops);
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
  },
  longestMilliseconds,
);
