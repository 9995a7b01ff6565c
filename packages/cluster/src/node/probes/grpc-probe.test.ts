import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeHealthStatus, frameMessage, unframeMessage } from './grpc-health.ts';
import { probeGrpc } from './grpc-probe.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

function portOf(server: { address(): unknown }): number {
  const address = server.address();
  return typeof address === 'object' && address !== null && 'port' in address ? Number(address.port) : 0;
}

async function serve(answer: (stream: ServerHttp2Stream, request: Buffer) => void): Promise<number> {
  const server: Http2Server = createServer();
  server.on('stream', (stream) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => answer(stream, Buffer.concat(chunks)));
    stream.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  return portOf(server);
}

function reply(stream: ServerHttp2Stream, message: readonly number[], trailers: Record<string, string>): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(frameMessage(Buffer.from(message)));
}

function ask(port: number, given: { service?: string; signal?: AbortSignal } = {}) {
  const { service = '', signal = new AbortController().signal } = given;
  return probeGrpc({ host: '127.0.0.1', port, service, userAgent: 'test', timeoutMilliseconds: 1000, signal });
}

describe('a probe by gRPC', () => {
  it.each([
    { message: [8, 1], outcome: { result: 'success', output: 'service healthy' } },
    { message: [8, 2], outcome: { result: 'failure', output: 'service unhealthy (responded with "NOT_SERVING")' } },
    { message: [], outcome: { result: 'failure', output: 'service unhealthy (responded with "UNKNOWN")' } },
  ])('takes the answer $message for $outcome.result', async ({ message, outcome }) => {
    const port = await serve((stream) => reply(stream, message, { 'grpc-status': '0' }));
    expect(await ask(port)).toEqual(outcome);
  });

  it('names the service', async () => {
    const asked: string[] = [];
    const port = await serve((stream, request) => {
      asked.push(unframeMessage(request).toString('latin1'));
      reply(stream, [8, 1], { 'grpc-status': '0' });
    });
    await ask(port, { service: 'shop' });
    expect(asked).toEqual(['\n\u0004shop']);
  });

  it.each([
    {
      status: '12',
      output: 'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): no such method',
    },
    { status: '4', output: 'timeout: health rpc did not complete within 1s' },
    { status: '5', output: 'error: health rpc probe failed: rpc error: code = 5 desc = no such method' },
  ])('fails with status $status, in the words of the kubelet', async ({ status, output }) => {
    const port = await serve((stream) =>
      stream.respond(
        { ':status': 200, 'grpc-status': status, 'grpc-message': 'no%20such%20method' },
        { endStream: true },
      ),
    );
    expect(await ask(port)).toEqual({ result: 'failure', output });
  });

  it('fails where nobody listens', async () => {
    expect(await ask(1)).toEqual({
      result: 'failure',
      output: 'error: failed to connect service at "127.0.0.1:1": dial tcp 127.0.0.1:1: connect: connection refused',
    });
  });

  it('fails when its time is over', async () => {
    const limit = new AbortController();
    const port = await serve(() => limit.abort());
    expect(await ask(port, { signal: limit.signal })).toEqual({
      result: 'failure',
      output: 'timeout: health rpc did not complete within 1s',
    });
  });

  it('fails where something else answers', async () => {
    const port = await serve((stream) => stream.respond({ ':status': 404 }, { endStream: true }));
    expect(await ask(port)).toMatchObject({
      output: expect.stringContaining('unexpected HTTP status code received from server: 404'),
    });
  });
});

describe('an answer about health', () => {
  it('may have fields of a later version', () => {
    expect(decodeHealthStatus(Buffer.from([0x12, 2, 65, 66, 0x1d, 1, 2, 3, 4, 8, 1]))).toBe('SERVING');
  });

  it('that is cut off is an error', () => {
    expect(() => decodeHealthStatus(Buffer.from([8]))).toThrow('a number has no end');
  });
});
