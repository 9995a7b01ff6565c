import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HTTPGetAction } from '@slipway/kube/api.generated';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { afterEach, describe, expect, it } from 'vitest';
import type { Runtime } from '../runtime.ts';
import { LifecycleHooks } from './lifecycle-hook.ts';

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

function tell(httpGet: HTTPGetAction) {
  const target = { pod: { metadata: {} }, container: { name: 'app' }, containerId: 'id', podIP: '127.0.0.1' };
  return new LifecycleHooks({} as Runtime, systemClock).run({ httpGet }, target, 20_000);
}

describe('a handler by HTTP', () => {
  it.each([200, 302, 404, 500])('has heard when it answers %i', async (status) => {
    const seen: unknown[] = [];
    const port = await serve((request, response) => {
      seen.push(request.headers['user-agent']);
      response.writeHead(status).end();
    });
    expect(await tell({ port, path: '/started' })).toBeUndefined();
    expect(seen).toEqual(['kube-lifecycle/1.32']);
  });

  it('has heard when it sends elsewhere', async () => {
    const port = await serve(
      (_, response) => void response.writeHead(302, { location: 'http://other.invalid/' }).end(),
    );
    expect(await tell({ port })).toBeUndefined();
  });

  it('has failed where nobody answers', async () => {
    const port = await serve((request) => void request.destroy());
    await expect(tell({ port })).rejects.toThrow(/^Get "http:\/\/127.0.0.1:\d+\/": EOF$/);
  });

  it('is told over HTTP where it speaks no HTTPS, without what authorizes', async () => {
    const seen: unknown[] = [];
    const port = await serve((request, response) => {
      seen.push([request.url, request.headers.authorization, request.headers['x-own']]);
      response.writeHead(500).end();
    });
    const httpHeaders = [
      { name: 'Authorization', value: 'secret' },
      { name: 'X-Own', value: '1' },
    ];
    expect(await tell({ port, path: '/started', scheme: 'HTTPS', httpHeaders })).toEqual({
      reason: 'LifecycleHTTPFallback',
      message: `request to HTTPS lifecycle hook 127.0.0.1:${port} got HTTP response, retry with HTTP succeeded`,
    });
    expect(seen).toEqual([['/started', undefined, '1']]);
  });
});
