import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@slipway/kube/logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { configMaps } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { adminIdentity, anonymous, type Identity } from './authorization.ts';
import { listen, type Listener } from './http-listener.ts';
import { socketToken } from './socket-request.ts';

const path = '/api/v1/namespaces/default/configmaps?watch=true';
const metadata = { name: 'c', namespace: 'default' };

let cluster: MemoryCluster;
let listener: Listener | undefined;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-socket-'));
  cluster = await createMemoryCluster();
  await cluster.client.create(configMaps, { metadata });
});

afterEach(async () => {
  await listener?.close();
  await cluster.close();
  await rm(folder, { recursive: true });
});

async function connect(
  asked: string,
  identity: Identity = adminIdentity,
  protocols: string[] = [],
): Promise<WebSocket> {
  const socketPath = join(folder, 'api.sock');
  listener = await listen({ api: cluster.api, clock: systemClock, logger: silentLogger, at: { socketPath }, identity });
  return new WebSocket(`ws+unix:${socketPath}:${asked}`, protocols);
}

async function nextMessage(socket: WebSocket): Promise<unknown> {
  const [data]: unknown[] = await once(socket, 'message');
  return JSON.parse(String(data));
}

describe('a watch over a WebSocket', () => {
  it('sends a message an event, and ends with its reader', async () => {
    const socket = await connect(path);
    expect(await nextMessage(socket)).toMatchObject({ type: 'ADDED', object: { metadata } });
    await cluster.client.patch(configMaps, metadata, { type: 'merge', body: { data: { a: 'b' } } });
    expect(await nextMessage(socket)).toMatchObject({ type: 'MODIFIED', object: { data: { a: 'b' } } });
    socket.close();
    await once(socket, 'close');
  });

  it('ends with the time that was asked for', async () => {
    const socket = await connect(`${path}&timeoutSeconds=1`);
    expect(await once(socket, 'close')).toEqual([1_000, expect.anything()]);
  });

  it('speaks the protocol that is offered beside a token', async () => {
    const socket = await connect(path, adminIdentity, ['base64url.bearer.authorization.k8s.io.YQ', 'binary.k8s.io']);
    await once(socket, 'open');
    expect(socket.protocol).toBe('binary.k8s.io');
    socket.terminate();
  });

  it.each([
    { name: 'by who may not watch', asked: path, identity: anonymous, status: 403 },
    { name: 'of what there is not', asked: '/api/v1/ships?watch=1', identity: adminIdentity, status: 404 },
    { name: 'that asks for too much', asked: `${path}&resourceVersionMatch=x`, identity: adminIdentity, status: 422 },
    { name: 'that is a list', asked: path.replace('true', 'false'), identity: adminIdentity, status: 200 },
  ])('is answered by HTTP: one $name', async ({ asked, identity, status }) => {
    const socket = await connect(asked, identity);
    const answered = new Promise((resolve) => {
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
    });
    socket.on('error', () => {});
    expect(await answered).toBe(status);
    socket.terminate();
  });
});

describe('a token among the protocols', () => {
  const requestWith = (protocols: string) => ({ headers: { 'sec-websocket-protocol': protocols } });

  it('is what its text says', () => {
    expect(socketToken(requestWith('base64url.bearer.authorization.k8s.io.c2VjcmV0, v5'))).toBe('secret');
    expect(socketToken(requestWith('v5.channel.k8s.io'))).toBeUndefined();
  });

  it('may not be alone', () => {
    expect(() => socketToken(requestWith('base64url.bearer.authorization.k8s.io.c2VjcmV0'))).toThrow(
      expect.objectContaining({ reason: 'BadRequest' }),
    );
  });
});
