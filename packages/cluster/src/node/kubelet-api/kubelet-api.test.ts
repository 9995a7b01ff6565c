import { mkdtemp, rm } from 'node:fs/promises';
import {
  createServer,
  request as requestHttp,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '@slipway/kube/logger';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { testPod } from '../../../testing/pod-scenario.ts';
import { newPodRecord, type ContainerState, type PodRecord } from '../agent/pod-record.ts';
import { PodLogs } from '../logs/pod-logs.ts';
import { diskFiles } from '../platform/disk-files.ts';
import { AddressRange } from '../runtimes/simulated/address-range.ts';
import { simulatedAnnotations } from '../runtimes/simulated/rules.ts';
import { SimulatedRuntime } from '../runtimes/simulated/simulated-runtime.ts';
import type { Runtime } from '../runtime.ts';
import { KubeletApi } from './kubelet-api.ts';
import type { KubeletRequest } from './kubelet-request.ts';
import { serveKubeletApi } from './kubelet-server.ts';

const clock = new FakeClock();
const simulated = new SimulatedRuntime({ clock, addresses: new AddressRange('10.244.0.0/24'), hostIP: '' });
let directory: string;
let logs: PodLogs;
const closing: Array<() => unknown> = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-kubelet-'));
  logs = new PodLogs({ files: diskFiles, clock, logger: silentLogger, directory });
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  await rm(directory, { recursive: true });
});

const running: ContainerState = {
  kind: 'running',
  containerId: 'uid-1_app_1',
  startedAt: 0,
  image: '',
  postStart: 'done',
  startupPassed: true,
  readinessPassed: true,
  fault: undefined,
  stop: undefined,
};

function createApi(
  change: Partial<PodRecord> = {},
  runtime: Partial<Runtime> = {},
  state: ContainerState = running,
): KubeletApi {
  const fresh = newPodRecord(testPod({}, { [simulatedAnnotations.health]: '{"healthy":false}' }), 0);
  const containers = fresh.containers.map((container) => ({ ...container, state, restartCount: 1 }));
  const sandbox = { kind: 'ready' as const, sandbox: { podUid: 'uid-1', podIP: '127.0.0.1', hostIP: '' } };
  const record: PodRecord = { ...fresh, containers, sandbox, ...change };
  const pods = { find: ({ name }: { name: string }) => (name === 'web' ? record : undefined), records: () => [record] };
  return new KubeletApi({ pods, logs, runtime: runtime as Runtime, nodeName: 'node', clock });
}

async function ask(api: KubeletApi, path: string, given: Partial<KubeletRequest> = {}) {
  const response = await api.handle({
    method: 'GET',
    headers: {},
    signal: new AbortController().signal,
    ...given,
    path,
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return { status: response.status, headers: response.headers, text: Buffer.concat(chunks).toString() };
}

async function listen(listener: RequestListener): Promise<number> {
  const server: Server = createServer(listener);
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function writeLog(attempt: number, text: string): Promise<void> {
  const instance = { podUid: 'uid-1', name: 'app', attempt };
  await (await logs.open(instance)).write('stdout', Buffer.from(text));
  await logs.close(instance);
}

describe('containerLogs', () => {
  it('answers with the log of the instance that runs, or of the one before', async () => {
    await writeLog(0, 'old\n');
    await writeLog(1, 'one\ntwo\n');
    expect(await ask(createApi(), '/containerLogs/default/web/app')).toMatchObject({ status: 200, text: 'one\ntwo\n' });
    expect((await ask(createApi(), '/containerLogs/default/web/app?tailLines=1')).text).toBe('two\n');
    const api = createApi();
    expect(await ask(api, '/containerLogs/default/web/app?previous=true')).toMatchObject({ status: 400 });
  });

  it.each([
    { path: '/containerLogs/default/nope/app', status: 404, message: 'pod default/nope is not on node node' },
    { path: '/containerLogs/default/web/nope', status: 400, message: 'container nope is not valid for pod web' },
    { path: '/containerLogs/default/web/app?tailLines=x', status: 400, message: 'must be a whole number' },
    {
      path: '/containerLogs/default/web/app?tailLines=-1&limitBytes=0',
      status: 422,
      message:
        'PodLogOptions \\"web\\" is invalid: [tailLines: Invalid value: -1: must be greater than or equal to 0, limitBytes: Invalid value: 0: must be greater than 0]',
    },
    {
      path: '/containerLogs/default/web/app?sinceSeconds=0',
      status: 422,
      message: 'sinceSeconds: Invalid value: 0: must be greater than 0',
    },
    {
      path: '/containerLogs/default/web/app?sinceSeconds=5&sinceTime=2026-01-01T00:00:00Z',
      status: 422,
      message: 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    },
    {
      path: '/containerLogs/default/web/app?previous=true',
      status: 400,
      message: 'previous terminated container \\"app\\" in pod \\"web\\" not found',
    },
    { path: '/nope', status: 404, message: '/nope is not served by the node' },
    { path: '/containerLogs/default/%zz/app', status: 400, message: 'percent-encoding is broken' },
  ])('answers $path with $status', async ({ path, status, message }) => {
    const answer = await ask(createApi(), path);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(message);
  });

  it('says that a container waits to start', async () => {
    const blocked: ContainerState = { kind: 'blocked', reason: 'ImagePullBackOff', message: '', since: 0, retryAt: 0 };
    const answer = await ask(createApi({}, {}, blocked), '/containerLogs/default/web/app');
    expect(JSON.parse(answer.text)).toMatchObject({
      message: 'container "app" in pod "web" is waiting to start: trying and failing to pull image',
      reason: 'BadRequest',
    });
  });
});

describe('podProxy', () => {
  it('passes method, path, headers and bodies on, streaming both ways', async () => {
    const port = await listen((request, response) => {
      response.writeHead(201, { 'x-own': `${request.method} ${request.url}` });
      request.pipe(response);
    });
    const body = Readable.from([Buffer.from('part one, '), Buffer.from('part two')]);
    const answer = await ask(createApi(), `/podProxy/default/web/${port}/a%2Fb/c?x=1`, { method: 'POST', body });
    expect(answer).toMatchObject({ status: 201, text: 'part one, part two' });
    expect(answer.headers['x-own']).toBe('POST /a%2Fb/c?x=1');
  });

  it('passes nothing on that is about a connection, either way', async () => {
    let received: IncomingMessage['headers'] = {};
    const port = await listen((request, response) => {
      received = request.headers;
      response.writeHead(200, { connection: 'keep-alive, x-hop', 'x-hop': '1', 'x-own': '2' }).end();
    });
    const headers = { connection: 'keep-alive, X-Hop', 'x-hop': '1', te: 'trailers', 'x-own': '2', host: 'elsewhere' };
    const answer = await ask(createApi(), `/podProxy/default/web/${port}/`, { headers });
    expect(received).toEqual({ connection: 'close', host: `127.0.0.1:${port}`, 'x-own': '2' });
    expect(Object.keys(answer.headers)).not.toContain('x-hop');
    expect(answer.headers['x-own']).toBe('2');
  });

  it('answers 503 with the cause when nobody listens', async () => {
    const answer = await ask(createApi(), '/podProxy/default/web/1/');
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text)).toMatchObject({
      kind: 'Status',
      reason: 'ServiceUnavailable',
      message: 'error trying to reach service: dial tcp 127.0.0.1:1: connect: connection refused',
    });
  });

  it('ends the request to the pod when the caller goes away', async () => {
    let closed: (value: unknown) => void = () => undefined;
    const ended = new Promise<unknown>((resolve) => (closed = resolve));
    const left = new AbortController();
    const port = await listen((request) => {
      request.socket.once('close', closed);
      left.abort();
    });
    await ask(createApi(), `/podProxy/default/web/${port}/`, { signal: left.signal });
    await expect(ended).resolves.toBeDefined();
  });

  it('lets a simulated runtime answer by annotation', async () => {
    const answer = await ask(createApi({}, simulated), '/podProxy/default/web/8080/health');
    expect(answer).toMatchObject({
      status: 200,
      text: '{"healthy":false}',
      headers: { 'content-type': 'application/json' },
    });
  });

  it('says that a port is unknown', async () => {
    expect(await ask(createApi(), '/podProxy/default/web/http/')).toMatchObject({ status: 400 });
  });
});

describe('the socket', () => {
  it('serves the API, and a follower that goes away is noticed', async () => {
    await writeLog(1, 'one\n');
    const socketPath = join(directory, 'node.sock');
    const server = await serveKubeletApi(createApi(), { socketPath, logger: silentLogger });
    closing.push(() => server.close());
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      requestHttp({ socketPath, path: '/containerLogs/default/web/app' }, resolve).once('error', reject).end();
    });
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(Buffer.from(chunk));
    expect(Buffer.concat(chunks).toString()).toBe('one\n');
    const health = await new Promise<IncomingMessage>((resolve, reject) => {
      requestHttp({ socketPath, path: '/healthz' }, resolve).once('error', reject).end();
    });
    expect(health.statusCode).toBe(200);
    health.resume();
  });
});
