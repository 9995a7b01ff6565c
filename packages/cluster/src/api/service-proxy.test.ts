import type { RawRequest } from '@slipway/kube/client';
import { endpoints, pods, services } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { adminIdentity } from './authorization.ts';

const namespace = 'default';

let cluster: MemoryCluster;
let asked: RawRequest[];

beforeEach(async () => {
  asked = [];
  cluster = await createMemoryCluster({
    onNodeRequest: (_, request) => {
      asked.push(request);
      return Promise.resolve({ status: 200, headers: {}, body: nothing() });
    },
  });
  const { client } = cluster;
  const spec = { nodeName: 'node-1', containers: [{ name: 'web', image: 'web:1' }] };
  await client.create(pods, { metadata: { namespace, name: 'web-1' }, spec });
  const body = { status: { podIP: '10.0.0.1' } };
  await client.patch(pods, { namespace, name: 'web-1' }, { type: 'merge', body }, { subresource: 'status' });
  const ports = [
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'admin', port: 81, targetPort: 9090 },
  ];
  await client.create(services, { metadata: { namespace, name: 'web' }, spec: { ports } });
  await client.create(services, { metadata: { namespace, name: 'empty' }, spec: { ports } });
  await client.create(endpoints, { metadata: { namespace, name: 'empty' } });
  const targetRef = { kind: 'Pod', namespace, name: 'web-1' };
  const addresses = [{ ip: '10.0.0.1', targetRef }, { ip: '10.0.0.2', targetRef }, { ip: '127.0.0.1' }];
  const served = [
    { name: 'http', port: 8080 },
    { name: 'admin', port: 9090 },
  ];
  await client.create(endpoints, { metadata: { namespace, name: 'web' }, subsets: [{ addresses, ports: served }] });
});

afterEach(() => cluster.close());

async function* nothing(): AsyncIterable<Uint8Array> {}

function get(name: string, rest = '/'): Promise<{ readonly status: number; readonly body: object }> {
  const path = `/api/v1/namespaces/${namespace}/services/${name}/proxy${rest}`;
  return cluster.api.handle({ method: 'GET', path, query: new URLSearchParams(), headers: {} }, adminIdentity);
}

describe('services/proxy', () => {
  it.each([
    ['web:http', 8080],
    ['web:admin', 9090],
    ['web:81', 9090],
    ['http:web:80', 8080],
  ])('asks a pod behind %s on port %s, and keeps the path', async (name, port) => {
    expect(await get(name, '/a/../%2e%2e/b%2Fc')).toMatchObject({ status: 200 });
    expect(asked).toMatchObject([{ path: `/podProxy/default/web-1/${port}/a/../%2e%2e/b%2Fc` }]);
  });

  it.each([
    ['web:82', 503, 'no service port 82 found for service "web"'],
    ['web', 503, 'no endpoints available for service "web"'],
    ['empty:http', 503, 'no endpoints available for service "empty:http"'],
    ['nope:80', 404, 'services "nope" not found'],
    ['nope:http', 404, 'endpoints "nope" not found'],
  ])('answers %s with %s', async (name, status, message) => {
    expect(await get(name)).toMatchObject({ status, body: { value: { message } } });
    expect(asked).toEqual([]);
  });
});
