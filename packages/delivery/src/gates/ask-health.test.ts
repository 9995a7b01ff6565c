import { createServer, type Server } from 'node:http';
import type { Pod } from '@slipway/kube/api.generated';
import { createClient } from '@slipway/kube/kube-client';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { releaseSpec } from '../../testing/records.ts';
import type { HealthCheck } from '../api/application.ts';
import type { Release } from '../api/release.ts';
import type { HeardAnswer } from '../observation.ts';
import { askHealth, type HealthReach } from './ask-health.ts';
import { portOf } from './dial-pod.ts';

let server: Server;
let port: number;
const paths: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    paths.push(request.url ?? '');
    response.setHeader('content-type', 'application/json');
    if (request.url === '/health') response.end('{"healthy": true}');
    else response.writeHead(503).end('{"kind":"Status"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});

afterAll(() => {
  server.close();
});

/** An API server that nobody should ask. */
const client = createClient({
  send: async ({ path }) => {
    throw new Error(`asked the API server for ${path}`);
  },
});

function pod(status: Pod['status'] = { podIP: '127.0.0.1' }): Pod {
  return {
    metadata: { name: 'shop-1', namespace: 'default', uid: 'u' },
    spec: { containers: [{ name: 'web', image: 'web', ports: [{ name: 'http', containerPort: port }] }] },
    status,
  };
}

async function answerOf(check: HealthCheck, asked: { readonly pod?: Pod; readonly reach?: HealthReach } = {}) {
  const heard: HeardAnswer[] = [];
  const release: Release = {
    metadata: { name: 'shop-1', namespace: 'default' },
    spec: releaseSpec({
      applicationUid: 'a',
      strategy: { type: 'rolling' },
      healthCheck: check,
      progressDeadlineSeconds: 1,
    }),
  };
  await askHealth({
    client,
    clock: systemClock,
    release,
    pods: [asked.pod ?? pod()],
    reach: asked.reach ?? 'direct',
    onAnswer: (_, answer) => heard.push(answer),
  });
  return heard[0];
}

describe('a controller that dials pods', () => {
  it('asks them at their own address, by the name of a port', async () => {
    expect(await answerOf({ type: 'probe', port: 'http' })).toMatchObject({ outcome: 'passed', code: 200 });
    expect(paths.at(-1)).toBe('/health');
  });

  it('takes the first port where none is named', async () => {
    expect(await answerOf({ type: 'probe' })).toMatchObject({ outcome: 'passed' });
  });

  it('takes 503 for the answer of the pod, whatever it looks like', async () => {
    expect(await answerOf({ path: 'other' })).toMatchObject({ outcome: 'failed', code: 503 });
    expect(paths.at(-1)).toBe('/other');
  });

  it.each([
    { name: 'has no address', asked: { pod: pod({}) }, check: {}, cause: 'no address' },
    { name: 'has no such port', asked: {}, check: { port: 'admin' }, cause: 'names no port "admin"' },
    { name: 'does not listen', asked: {}, check: { port: 1 }, cause: 'ECONNREFUSED' },
    {
      name: 'is asked through the API server',
      asked: { reach: 'proxy' as const },
      check: {},
      cause: '/pods/shop-1/proxy/health',
    },
  ])('hears the cause where a pod $name', async ({ asked, check, cause }) => {
    expect(await answerOf(check, asked)).toMatchObject({ outcome: 'error', answer: expect.stringContaining(cause) });
  });
});

it.each([
  { name: 'a number is itself', check: { port: 9 }, expected: 9 },
  { name: 'a name that nobody has stays a name', check: { port: 'admin' }, expected: 'admin' },
])('$name', ({ check, expected }) => {
  expect(portOf(pod(), check)).toBe(expected);
});
