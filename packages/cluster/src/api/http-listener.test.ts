import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { RawRequest } from '@slipway/kube/client';
import { silentLogger } from '@slipway/kube/logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { clusterRoleBindings, clusterRoles, configMaps as configMapType, pods } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import type { ApiServer } from './api-server.ts';
import { adminIdentity, anonymous, type Identity } from './authorization.ts';
import { idleMilliseconds } from './front/idle-time.ts';
import { listen, type Listener } from './http-listener.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

let cluster: MemoryCluster;
let listener: Listener | undefined;
let folder: string;
/** What reached the nodes. */
let asked: RawRequest[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-listener-'));
  asked = [];
  cluster = await createMemoryCluster({
    onNodeRequest: (_, nodeRequest) => {
      asked.push(nodeRequest);
      return Promise.resolve({ status: 200, headers: {}, body: chunks() });
    },
  });
});

afterEach(async () => {
  await listener?.close();
  await cluster.close();
  await rm(folder, { recursive: true });
});

function socketPath(): string {
  return join(folder, 'api.sock');
}

async function listenAs(identity: Identity, openStreams = cluster.api.openStreams): Promise<void> {
  const api = { ...cluster.api, openStreams };
  listener = await listen({
    api,
    clock: systemClock,
    logger: silentLogger,
    at: { socketPath: socketPath() },
    identity,
  });
}

async function* chunks(): AsyncIterable<Uint8Array> {
  yield Buffer.from('{}');
}

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
}

interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly object: unknown;
}

function send({ method = 'GET', path, headers = {}, body }: Sent): Promise<Received> {
  return new Promise((resolve, reject) => {
    request({ socketPath: socketPath(), method, path, headers, agent: false }, (response) => {
      const { statusCode: status = 0, headers: received } = response;
      const answer = text(response).then((all) => ({ status, headers: received, object: JSON.parse(all) }));
      answer.then(resolve, reject);
    })
      .on('error', reject)
      .end(body);
  });
}

it('a watch of what nobody remembers begins, and says so', async () => {
  await listenAs(adminIdentity);
  expect(await send({ path: `${configMaps}?watch=1&resourceVersion=99999` })).toMatchObject({
    status: 200,
    object: { type: 'ERROR', object: { kind: 'Status', reason: 'Expired', code: 410 } },
  });
});

describe('/metrics', () => {
  const read = (): Promise<string> =>
    new Promise((resolve, reject) => {
      request({ socketPath: socketPath(), path: '/metrics', agent: false }, (response) => {
        text(response).then(resolve, reject);
      })
        .on('error', reject)
        .end();
    });

  it('tells what was asked from outside, what is stored, and what the process uses', async () => {
    await listenAs(adminIdentity);
    for (const path of [configMaps, configMaps, `${configMaps}/none`]) await send({ path });
    const said = await read();
    const labels = 'group="",version="v1",resource="configmaps",subresource=""';
    expect(said).toContain(`apiserver_request_total{verb="LIST",${labels},scope="namespace",code="200"} 2\n`);
    expect(said).toContain(`apiserver_request_total{verb="GET",${labels},scope="resource",code="404"} 1\n`);
    expect(said).toMatch(/^apiserver_storage_objects\{resource="namespaces"\} 4$/m);
    expect(said).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
  });

  it('tells nobody who may not know', async () => {
    await listenAs(anonymous);
    expect((await send({ path: '/metrics' })).status).toBe(403);
  });
});

describe('who may not', () => {
  it('is refused before the body has come', async () => {
    await listenAs(anonymous);
    // The body that is promised never comes: whoever waits for it never answers.
    const socket = connect(socketPath());
    socket.write(
      `POST ${configMaps} HTTP/1.1\r\nHost: a\r\nContent-Type: application/yaml\r\nContent-Length: 9\r\n\r\n`,
    );
    const [answer] = await new Promise<readonly Buffer[]>((resolve, reject) => {
      socket.once('data', (...data: readonly Buffer[]) => resolve(data)).once('error', reject);
    });
    socket.destroy();
    expect(String(answer)).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('hears nothing of what is wrong with the body', async () => {
    await listenAs(anonymous);
    const { status } = await send({ method: 'POST', path: configMaps, body: '{' });
    expect(status).toBe(403);
  });

  it('is refused before the body has been looked at, being known', async () => {
    await listenAs({ user: 'somebody', groups: ['system:authenticated'] });
    const { status, object } = await send({ method: 'POST', path: configMaps, body: '{' });
    expect(status).toBe(403);
    expect(object).toMatchObject({ reason: 'Forbidden', message: expect.stringContaining('User "somebody"') });
  });

  it('cannot pass for somebody else', async () => {
    await listenAs({ user: 'somebody', groups: ['system:authenticated'] });
    const { status, object } = await send({ path: '/api/v1/pods', headers: { 'impersonate-user': 'root' } });
    expect(status).toBe(403);
    expect(object).toMatchObject({
      message:
        'users "root" is forbidden: User "somebody" cannot impersonate resource "users" in API group "" at the cluster scope',
    });
  });

  it('reads what everybody may read', async () => {
    await listenAs(anonymous);
    expect(await send({ path: '/version' })).toMatchObject({ status: 200 });
  });

  it('is not told which resources there are, whatever the body is', async () => {
    await listenAs(anonymous);
    const { status } = await send({ method: 'POST', path: '/api/v1/ships', body: '{' });
    expect(status).toBe(403);
  });
});

describe('a warning', () => {
  it('is sent in whatever script it is written, with the object that was stored', async () => {
    await listenAs(adminIdentity);
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, '名前\u0000': 'x' };
    const path = `${configMaps}?fieldValidation=Warn`;
    const sent = await send({ method: 'POST', path, body: JSON.stringify(object) });
    expect(sent).toMatchObject({ status: 201, object: { metadata: { name: 'a' } } });
    const warning = Buffer.from(sent.headers['warning'] ?? '', 'latin1').toString();
    expect(warning).toBe(String.raw`299 - "unknown field \"名前\""`);
  });
});

describe('streams', () => {
  const asked =
    'GET /api/v1/namespaces/default/pods/web/exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

  function serveStreams(openStreams: ApiServer['openStreams']): Promise<Socket> {
    return listenAs(adminIdentity, openStreams).then(() => connect(socketPath()));
  }

  it.each(['half closes', 'goes away'])('are opened for nobody where the client %s', async (how) => {
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<unknown>();
    const socket = await serveStreams(async ({ signal }) => {
      begun.resolve();
      if (signal?.aborted === false) await once(signal, 'abort');
      ended.resolve(signal?.reason);
      throw new Error('nobody is there');
    });
    socket.write(asked);
    await begun.promise;
    const answered = how === 'half closes' ? text(socket.end()) : once(socket.destroy(), 'close').then(() => '');
    expect(await ended.promise).toMatchObject({ message: 'the client went away' });
    expect(await answered).toBe('');
  });

  it('carry what was said before they were there, and a warning in any script', async () => {
    const warning = Buffer.from('299 - "名前"').toString('latin1');
    const connection = new PassThrough();
    const socket = await serveStreams(async () => {
      return { kind: 'streams', rawHeaders: ['Upgrade', 'websocket', 'warning', warning], connection };
    });
    socket.write(`${asked}early;`);
    await once(socket, 'readable');
    socket.end('late');
    expect(await text(socket)).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nwarning: 299 - "名前"\r\n\r\nearly;late',
    );
  });
});

describe('who may impersonate', () => {
  it('is whom he names, with his groups', async () => {
    await listenAs(adminIdentity);
    const headers = { 'impersonate-user': 'jane', 'impersonate-group': ['a', 'b'], 'impersonate-extra-team%2Fa': 'x' };
    const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
    const rules = [{ verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] }];
    await cluster.client.create(clusterRoles, { metadata: { name: 'who' }, rules });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'who' };
    await cluster.client.create(clusterRoleBindings, {
      metadata: { name: 'who' },
      roleRef,
      subjects: [{ kind: 'Group', name: 'b' }],
    });
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const { object } = await send({ method: 'POST', path, headers, body });
    expect(object).toMatchObject({
      status: {
        userInfo: { username: 'jane', groups: ['a', 'b', 'system:authenticated'], extra: { 'team/a': ['x'] } },
      },
    });
  });
});

describe('targets of requests', () => {
  it.each([{ path: '//' }, { path: '//:x' }, { path: '//api/v1/pods' }, { path: 'http://a:99999/' }])(
    'are refused with 400 when they are no path: $path',
    async ({ path }) => {
      await listenAs(adminIdentity);
      const { status, object } = await send({ path });
      expect(status).toBe(400);
      expect(object).toMatchObject({ kind: 'Status', reason: 'BadRequest', message: expect.stringContaining(path) });
    },
  );
});

describe('what is passed on to pods', () => {
  beforeEach(async () => {
    await listenAs(adminIdentity);
    const spec = { nodeName: 'node-1', containers: [{ name: 'web', image: 'web:1' }] };
    await cluster.client.create(pods, { metadata: { name: 'web', namespace: 'default' }, spec });
  });

  it('carries nothing of what proves who asks', async () => {
    const headers = {
      authorization: 'Bearer secret',
      'impersonate-user': 'a',
      'impersonate-group': 'system:masters',
      'impersonate-extra-b': 'c',
      'x-own': 'd',
    };
    await send({ path: '/api/v1/namespaces/default/pods/web:80/proxy/', headers });
    expect(asked[0]?.headers).toMatchObject({ 'x-own': 'd' });
    expect(Object.keys(asked[0]?.headers ?? {})).not.toContainEqual(
      expect.stringMatching(/^(authorization|impersonate)/),
    );
  });

  it.each([
    { name: 'spaces', rest: '/a%20b?c=d%20e' },
    { name: 'question marks that begin no query', rest: '/a%3Fc' },
    { name: 'slashes that end no segment', rest: '/a%2Fb/..%2fc' },
    { name: 'a query of its own form', rest: '/?flag&a=b+c&d=%2B&e=%C3%BC' },
    { name: 'text that is not percent-encoded after all', rest: '/100%' },
    { name: 'dots that lead out of it', rest: '/../../../../../../../api/v1/namespaces/default/secrets' },
    { name: 'dots in another form', rest: '/a/%2e%2E/.%2e/b/./c//d\\..\\e' },
  ])('keeps its path and query as they came: $name', async ({ rest }) => {
    await send({ path: `/api/v1/namespaces/default/pods/web:80/proxy${rest}` });
    expect(asked[0]?.path).toBe(`/podProxy/default/web/80${rest}`);
  });

  it.each([
    ['GET', 'Content-Length: 4\r\n', 'abcd'],
    ['POST', 'Transfer-Encoding: chunked\r\nTrailer: x-late\r\n', '2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n'],
  ])(
    'is one request with the body that came, and says nothing of the connection: %s %s',
    async (method, head, body) => {
      const path = '/api/v1/namespaces/default/pods/web:80/proxy/a';
      const socket = connect(socketPath());
      socket.write(
        `${method} ${path} HTTP/1.1\r\nHost: a\r\n${head}Connection: close, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\nX-Own: 2\r\n\r\n${body}`,
      );
      await text(socket);
      expect(asked[0]?.body).toEqual(Buffer.from('abcd'));
      expect(asked[0]?.headers).toEqual({ host: 'a', 'x-own': '2' });
    },
  );
});

describe('a connection', () => {
  const get = (path: string, ...fields: readonly string[]): string =>
    `GET ${path} HTTP/1.1\r\n${['Host: a', ...fields].join('\r\n')}\r\n\r\n`;
  const last = get('/version', 'Connection: close');
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } });
  const post = (fields: string, content: string): string =>
    `POST ${configMaps} HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${content}`;
  const chunked = post('Transfer-Encoding: chunked', `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
  const whole = post(`Content-Length: ${body.length}`, body);

  async function talk(...said: readonly string[]): Promise<string> {
    await listenAs(adminIdentity);
    const socket = connect(socketPath());
    socket.write(said.join(''));
    return text(socket);
  }

  it.each([
    { name: 'a head that is too long', said: [get('/version', `X-Long: ${'x'.repeat(100_000)}`)], as: [431] },
    { name: 'a path that is too long', said: [get(`/version?${'x'.repeat(1_000_000)}`)], as: [431] },
    { name: 'no head at all', said: ['\u0016\u0003\u0001 hello\r\n\r\n'], as: [400] },
    { name: 'a body in chunks of no length', said: [post('Transfer-Encoding: chunked', 'zz\r\n')], as: [400] },
    { name: 'one after others', said: [get('/version'), get('/version'), 'GET\r\n\r\n'], as: [200, 200, 400] },
    {
      name: 'one whose body has two ends',
      said: [post('Transfer-Encoding: chunked\r\nContent-Length: 3', 'abc')],
      as: [400],
    },
  ])('is told that it is no request: $name', async ({ said, as }) => {
    const answers = await talk(...said);
    expect(statuses(answers)).toEqual(as);
    const [, refusal = ''] = answers.split(/HTTP\/1\.1 4\d\d /);
    expect(JSON.parse(refusal.slice(refusal.indexOf('{')))).toMatchObject({ kind: 'Status', code: as.at(-1) });
    expect(refusal).toContain('\r\nconnection: close\r\n');
  });

  function statuses(answers: string): readonly number[] {
    return [...answers.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
  }

  it.each([
    { name: 'plain ones', said: [get('/version'), whole, get(`${configMaps}/a`), last], as: [200, 201, 200, 200] },
    {
      name: 'a body in chunks',
      said: [get('/version'), chunked, whole, get('/x'), last],
      as: [200, 201, 409, 404, 200],
    },
    {
      name: 'one that asks before it sends',
      said: [get('/version'), post(`Expect: 100-continue\r\nContent-Length: ${body.length}`, body), last],
      as: [200, 100, 201, 200],
    },
    {
      name: 'a length that is told twice',
      said: [get('/version'), post('Content-Length: 0\r\nContent-Length: 2', body)],
      as: [200, 400],
    },
    {
      name: 'a length beside chunks',
      said: [get('/version'), post('Content-Length: 0\r\nTransfer-Encoding: chunked', '0\r\n\r\n'), last],
      as: [200, 400],
    },
    { name: 'a space before a colon', said: [get('/version', 'Content-Length : 0'), last], as: [400] },
  ])('carries answers in the order of its requests: $name', async ({ said, as }) => {
    expect(statuses(await talk(...said))).toEqual(as);
  });

  it('says of an answer what HTTP wants said', async () => {
    const answer = await talk(get('/api/v1/namespaces/default'), last);
    const [head = '', content = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toMatch(/\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/i);
    // What is promised ends before the connection does.
    expect(Number(/\r\nkeep-alive: timeout=(\d+)/.exec(head)?.[1])).toBe(idleMilliseconds / 1_000 - 1);
    expect(JSON.parse(content.slice(0, Number(/content-length: (\d+)/i.exec(head)?.[1])))).toMatchObject({
      kind: 'Namespace',
    });
  });

  it('carries long lists whole', async () => {
    const metadata = { namespace: 'default' };
    const names = Array.from({ length: 40 }, (_, index) => `long-${index}`);
    for (const name of names)
      await cluster.client.create(configMapType, { metadata: { ...metadata, name }, data: { a: 'é'.repeat(50_000) } });
    await listenAs(adminIdentity);
    const { object } = await send({ path: `${configMaps}?limit=40` });
    const raw = await talk(get(`${configMaps}?limit=40`), get(configMaps, 'Connection: close'));
    const [plain, byNode] = raw
      .split(/HTTP\/1\.1 200 OK\r\n/)
      .slice(1)
      .map((each) => each.split('\r\n\r\n')[1] ?? '');
    expect(JSON.parse(plain ?? '')).toEqual(object);
    expect(JSON.parse(byNode ?? '')).toMatchObject({ items: names.toSorted().map((name) => ({ metadata: { name } })) });
  });

  it('goes on after an answer that had no length', async () => {
    const spec = { nodeName: 'node-1', containers: [{ name: 'web', image: 'web:1' }] };
    await cluster.client.create(pods, { metadata: { name: 'web', namespace: 'default' }, spec });
    const answer = await talk(get('/api/v1/namespaces/default/pods/web/log'), last);
    expect(answer).toMatch(/transfer-encoding: chunked\r\n/i);
    expect(answer).toContain('\r\n\r\n2\r\n{}\r\n0\r\n\r\nHTTP/1.1 200 OK');
  });

  it('goes on after an answer without content', async () => {
    await listenAs(adminIdentity);
    const { headers } = await send({ path: '/openapi/v3' });
    await listener?.close();
    expect(statuses(await talk(get('/openapi/v3', `If-None-Match: ${headers.etag ?? ''}`), last))).toEqual([304, 200]);
  });

  it('carries a watch as it happens', async () => {
    await listenAs(adminIdentity);
    const socket = connect(socketPath());
    socket.write(get(`${configMaps}?watch=1`));
    let answer = '';
    for await (const piece of socket) {
      if (answer === '') await send({ method: 'POST', path: configMaps, body });
      answer += String(piece);
      if (answer.includes('}\n\r\n')) break;
    }
    const [size = '', line = ''] = answer.slice(answer.indexOf('\r\n\r\n') + 4).split('\r\n');
    expect(Number.parseInt(size, 16)).toBe(line.length);
    expect(JSON.parse(line)).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'a' } } });
  });

  it('ends with the server', async () => {
    await listenAs(adminIdentity);
    const socket = connect(socketPath());
    socket.write(get(`${configMaps}?watch=1`));
    await new Promise((resolve) => {
      socket.once('data', resolve);
    });
    await listener?.close();
    await text(socket);
  });
});

describe('an answer', () => {
  async function textOf(query: string, headers: Readonly<Record<string, string>>): Promise<string> {
    await listenAs(adminIdentity);
    const path = `/api/v1/namespaces/default${query}`;
    return new Promise((resolve, reject) => {
      request({ socketPath: socketPath(), path, headers, agent: false }, (response) => {
        text(response).then(resolve, reject);
      })
        .on('error', reject)
        .end();
    });
  }

  it('is YAML where that is asked for', async () => {
    const said = await textOf('', { accept: 'application/yaml' });
    expect(said).toContain('\nkind: Namespace\n');
    // For readers of YAML 1.1 it would be a time otherwise, and no text.
    expect(said).toMatch(/creationTimestamp: "20/);
  });

  it.each([
    { name: 'for who says so', query: '?pretty=true', headers: {}, isPretty: true },
    { name: 'for a tool of people', query: '', headers: { 'user-agent': 'curl/8.0' }, isPretty: true },
    {
      name: 'not for a tool of people that says so',
      query: '?pretty=0',
      headers: { 'user-agent': 'curl/8.0' },
      isPretty: false,
    },
    { name: 'not for programs', query: '', headers: { 'user-agent': 'kubectl/v1.32' }, isPretty: false },
  ])('is set out for reading $name', async ({ query, headers, isPretty }) => {
    expect((await textOf(query, headers)).includes('\n  "kind"')).toBe(isPretty);
  });
});
