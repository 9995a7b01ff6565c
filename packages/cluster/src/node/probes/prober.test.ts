import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '@slipway/kube/platform/system-clock';
import type { Probe } from '@slipway/kube/api.generated';
import type { ExecResult, Runtime } from '../runtime.ts';
import { Prober } from './prober.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Nobody listens there, and no program that asks for any free port is given it. */
const closedPort = 1;

function ask(probe: Probe, exec?: ExecResult, ports: { name: string; containerPort: number }[] = []) {
  const runtime: Pick<Runtime, 'exec'> = {
    exec: () =>
      Promise.resolve(exec ?? { exitCode: 0, stdout: new Uint8Array(), stderr: new Uint8Array(), timedOut: false }),
  };
  const target = {
    pod: { metadata: { name: 'web' } },
    container: { name: 'app', ports },
    containerId: 'id',
    podIP: '127.0.0.1',
  };
  // Time enough for every answer that comes.
  const patient = { timeoutSeconds: 60, ...probe };
  return new Prober(runtime as Runtime, systemClock).probe('readiness', patient, target, new AbortController().signal);
}

describe('httpGet', () => {
  it('sends the headers of kube-probe and those of the spec', async () => {
    const seen: Array<Record<string, unknown>> = [];
    const port = await serve((request, response) => {
      seen.push({
        url: request.url,
        agent: request.headers['user-agent'],
        own: request.headers['x-own'],
        host: request.headers.host,
      });
      response.end('fine');
    });
    const httpHeaders = [
      { name: 'X-Own', value: '1' },
      { name: 'Host', value: 'shop.example.org' },
    ];
    expect(await ask({ httpGet: { path: '/readyz?full=1', port, httpHeaders } })).toEqual({
      result: 'success',
      output: 'fine',
    });
    expect(seen).toEqual([{ url: '/readyz?full=1', agent: 'kube-probe/1.32', own: '1', host: 'shop.example.org' }]);
  });

  it.each([
    { status: 200, result: 'success' },
    { status: 399, result: 'success' },
    { status: 400, result: 'failure' },
    { status: 503, result: 'failure' },
  ])('takes $status as $result', async ({ status, result }) => {
    const port = await serve((_, response) => void response.writeHead(status).end());
    const outcome = await ask({ httpGet: { port } });
    expect(outcome.result).toBe(result);
    expect(outcome.output).toBe(result === 'failure' ? `HTTP probe failed with statuscode: ${status}` : '');
  });

  it('follows redirects on the same host', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/') response.writeHead(302, { location: '/there' }).end();
      else response.writeHead(request.url === '/there' ? 200 : 500).end();
    });
    expect((await ask({ httpGet: { port } })).result).toBe('success');
  });

  it('warns of a redirect to another host and does not follow it', async () => {
    const port = await serve(
      (_, response) => void response.writeHead(302, { location: 'http://other.invalid/' }).end('moved'),
    );
    expect(await ask({ httpGet: { port } })).toEqual({
      result: 'warning',
      output: 'Probe terminated redirects, Response body: moved',
    });
  });

  it('gives up on endless redirects', async () => {
    const port = await serve((_, response) => void response.writeHead(302, { location: '/again' }).end());
    expect((await ask({ httpGet: { port } })).output).toContain('stopped after 10 redirects');
  });

  it('reads no more than 10 KiB of a body', async () => {
    const port = await serve((_, response) => void response.end('x'.repeat(1_000_000)));
    expect((await ask({ httpGet: { port } })).output).toHaveLength(10 * 1024);
  });

  it('fails when nobody listens, in words that can be searched for', async () => {
    expect(await ask({ httpGet: { port: closedPort } })).toEqual({
      result: 'failure',
      output: 'Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused',
    });
  });

  it('fails when the answer takes longer than timeoutSeconds', async () => {
    const port = await serve(() => undefined);
    const outcome = await ask({ httpGet: { port }, timeoutSeconds: 0.05 });
    expect(outcome.output).toContain('context deadline exceeded');
  });

  it('finds a port by its name', async () => {
    const port = await serve((_, response) => void response.end());
    expect((await ask({ httpGet: { port: 'http' } }, undefined, [{ name: 'http', containerPort: port }])).result).toBe(
      'success',
    );
  });

  it('says which port name is unknown', async () => {
    await expect(ask({ httpGet: { port: 'nope' } })).rejects.toThrow('container app has no port named "nope"');
  });
});

describe('tcpSocket', () => {
  it('succeeds if somebody listens', async () => {
    const port = await serve(() => undefined);
    expect((await ask({ tcpSocket: { port } })).result).toBe('success');
  });

  it('fails if nobody listens', async () => {
    expect(await ask({ tcpSocket: { port: closedPort } })).toEqual({
      result: 'failure',
      output: 'dial tcp 127.0.0.1:1: connect: connection refused',
    });
  });
});

describe('exec', () => {
  const result = { exitCode: 0, stdout: Buffer.from('out'), stderr: Buffer.from('err'), timedOut: false };
  it.each([
    { name: 'succeeds with exit code 0', exec: result, expected: { result: 'success', output: 'outerr' } },
    {
      name: 'fails with any other',
      exec: { ...result, exitCode: 2 },
      expected: { result: 'failure', output: 'outerr' },
    },
    {
      name: 'fails when it takes too long',
      exec: { ...result, timedOut: true },
      expected: { result: 'failure', output: 'command "sh -c x" timed out' },
    },
  ])('$name', async ({ exec, expected }) => {
    expect(await ask({ exec: { command: ['sh', '-c', 'x'] } }, exec)).toEqual(expected);
  });
});
