import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHttpPost, type PostQuestion } from './http-post.ts';

const post = createHttpPost({ clock: systemClock, loopback: true });
let server: Server;
let origin: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const heard: { readonly method: string; readonly url: string; readonly body: string }[] = [];

beforeEach(async () => {
  heard.length = 0;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard.push({ method: request.method ?? '', url: request.url ?? '', body: Buffer.concat(chunks).toString() });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function question(more: Partial<PostQuestion> = {}): PostQuestion {
  return {
    url: new URL(`${origin}/hook`),
    headers: { 'content-type': 'application/json' },
    body: '{"version":"2"}',
    timeoutMilliseconds: 20_000,
    maximumBytes: 1_024,
    signal: new AbortController().signal,
    ...more,
  };
}

test('sends the body as it is, and reads what is answered', async () => {
  answer = (_, response) => response.writeHead(202).end('heard');
  expect(await post(question())).toEqual({ status: 202, start: 'heard' });
  expect(heard).toEqual([{ method: 'POST', url: '/hook', body: '{"version":"2"}' }]);
});

test('reads no more of an answer than is kept, however long it is', async () => {
  answer = (_, response) => {
    const more = (): boolean => response.write('x'.repeat(512));
    response.on('drain', more);
    more();
    more();
    more();
  };
  const { start } = await post(question());
  expect(start).toBe('x'.repeat(1_024));
});

test('takes a redirect for an answer and goes nowhere', async () => {
  answer = (_, response) => response.writeHead(307, { location: `${origin}/elsewhere` }).end();
  expect(await post(question())).toEqual({ status: 307, start: '' });
  expect(heard.map(({ url }) => url)).toEqual(['/hook']);
});

test('waits no longer than it may', async () => {
  answer = () => undefined;
  await expect(post(question({ timeoutMilliseconds: 50 }))).rejects.toThrow('no answer within 0.05 s');
});

test('does not lead to the machine of the controller, unless that is who asks', async () => {
  const guarded = createHttpPost({ clock: systemClock, loopback: false });
  await expect(guarded(question())).rejects.toThrow('loopback, link-local and metadata addresses are not asked');
  expect(heard).toEqual([]);
});
