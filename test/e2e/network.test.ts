/** Services and Ingresses of the embedded cluster: from this machine, from pods, and while endpoints come and go. */
import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import type { KubeClient } from '@slipway/kube/client';
import { endpoints, services } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noRootReason } from '../../packages/cluster/testing/isolated-process.ts';
import { missing } from './support/execute.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';

/** `/slow` begins at once and ends when a byte comes; `/echo` sends back what it gets; an upgrade echoes bytes. */
const program = `
  process.on('SIGTERM', () => {});
  const server = require('node:http').createServer((request, response) => {
    if (request.url === '/echo') request.pipe(response);
    else if (request.url === '/slow') {
      response.write(process.env.HOSTNAME + ' begins');
      request.once('data', () => response.end(' and ends'));
    } else response.end(process.env.HOSTNAME + ' ' + request.url);
  });
  server.on('upgrade', (request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\nSec-WebSocket-Accept: ' +
      require('node:crypto').createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64') + '\\r\\n\\r\\n');
    socket.pipe(socket);
  });
  server.listen(8080);`;

const service = { name: 'web', port: { number: 80 } };
const objects = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          terminationGracePeriodSeconds: 20,
          containers: [
            {
              name: 'web',
              image: 'node:24',
              command: ['node', '-e', program],
              ports: [{ name: 'http', containerPort: 8080 }],
              readinessProbe: { httpGet: { path: '/', port: 'http' } },
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'headless' },
    spec: { clusterIP: 'None', selector: { app: 'web' }, ports: [{ name: 'www', port: 80, targetPort: 8080 }] },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'web' },
    spec: {
      rules: [
        {
          host: 'web.example',
          http: {
            paths: [
              { path: '/exact', pathType: 'Exact', backend: { service } },
              { path: '/prefix', pathType: 'Prefix', backend: { service } },
              { path: '/nobody', pathType: 'Prefix', backend: { service: { ...service, name: 'nobody' } } },
            ],
          },
        },
        { host: '*.wild.example', http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service } }] } },
      ],
    },
  },
]
  .map((object) => JSON.stringify(object))
  .join('\n');

const reason = noRootReason ?? (await missing('kubectl'));

describe.skipIf(reason !== undefined)(`the network${reason === undefined ? '' : ` (${reason})`}`, () => {
  let cluster: TestCluster;
  let clusterIP: string;

  beforeAll(async () => {
    cluster = await startCluster();
    const file = join(cluster.directory, 'web.json');
    await writeFile(file, objects);
    await cluster.ask('apply', '-f', file);
    await cluster.ask('rollout', 'status', 'deployment/web', '--timeout=30s');
    clusterIP = await cluster.ask('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}');
  });

  afterAll(() => cluster.stop());

  const pods = (): Promise<string> =>
    cluster.ask('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].metadata.name}');

  it('reaches a Service by its cluster IP and by the port of the node, also at 127.0.0.1, and spreads over its pods', async () => {
    const node = await cluster.ask('get', 'node', 'slipway', '-o', 'jsonpath={.status.addresses[0].address}');
    const port = await cluster.ask('get', 'service', 'web', '-o', 'jsonpath={.spec.ports[0].nodePort}');
    expect(Number(port)).toBeGreaterThanOrEqual(30_000);
    const names = (await pods()).split(' ').toSorted();
    await expect.poll(() => fetchBody(`http://127.0.0.1:${port}/x`).catch(() => '')).not.toBe('');
    for (const base of [`http://${clusterIP}`, `http://${node}:${port}`, `http://127.0.0.1:${port}`]) {
      const answers = await Promise.all(Array.from({ length: 40 }, () => fetchBody(`${base}/x`)));
      expect([...new Set(answers)].toSorted()).toEqual(names.map((name) => `${name} /x`));
    }
  });

  it('spreads what a pod asks over the pods of a Service, and gives their addresses by a headless one', async () => {
    const script = [
      'const { WEB_SERVICE_HOST: host, WEB_SERVICE_PORT: port } = process.env;',
      'const ask = () => fetch(`http://${host}:${port}/from-a-pod`, { headers: { connection: "close" } });',
      'const asked = Array.from({ length: 40 }, () => ask().then((response) => response.text()));',
      'Promise.all(asked).then((answers) => console.log([...new Set(answers)].sort().join()));',
    ].join('\n');
    await cluster.ask('run', 'client', '--image=node:24', '--restart=Never', '--command', '--', 'node', '-e', script);
    await cluster.ask('wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/client', '--timeout=30s');
    const names = (await pods()).split(' ').toSorted();
    expect(await cluster.ask('logs', 'client')).toBe(names.map((name) => `${name} /from-a-pod`).join());
    expect(await cluster.ask('get', 'service', 'headless', '-o', 'jsonpath={.spec.clusterIP}')).toBe('None');
    const addresses = await cluster.ask('get', 'endpoints', 'headless', '-o', 'jsonpath={.subsets[0].addresses[*].ip}');
    for (const address of addresses.split(' ')) expect(await fetchBody(`http://${address}:8080/`)).toMatch(/^web-/);
  });

  it('tells pods what the names of Services stand for, whole and short, and of a headless one each pod', async () => {
    const script = [
      'const dns = require("node:dns/promises");',
      'const names = ["web", "web.default", "web.default.svc.cluster.local", "kubernetes.default.svc"];',
      'const look = async (name) => (await dns.lookup(name, { family: 4 })).address;',
      'const all = async () => {',
      '  const found = await Promise.all(names.map(look));',
      '  const headless = (await dns.resolve4("headless.default.svc.cluster.local")).sort();',
      '  const [port] = await dns.resolveSrv("_www._tcp.headless.default.svc.cluster.local");',
      '  const back = await dns.reverse(found[0]);',
      '  console.log(JSON.stringify({ found, headless, port: port.port, isOne: headless.includes(await look(port.name)), back }));',
      '};',
      'all();',
    ].join('\n');
    await cluster.ask('run', 'asker', '--image=node:24', '--restart=Never', '--command', '--', 'node', '-e', script);
    await cluster.ask('wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/asker', '--timeout=30s');
    const apiAddress = await cluster.ask('get', 'service', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}');
    const addresses = await cluster.ask('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].status.podIP}');
    expect(JSON.parse(await cluster.ask('logs', 'asker'))).toEqual({
      found: [clusterIP, clusterIP, clusterIP, apiAddress],
      headless: addresses.split(' ').toSorted(),
      port: 8080,
      isOne: true,
      back: ['web.default.svc.cluster.local'],
    });
  });

  it('answers pods that want the resolvers of the machine too, to which no way leads from them', async () => {
    const script =
      "require('node:dns').promises.resolve4('web.default.svc.cluster.local').then(console.log, console.log)";
    const overrides = JSON.stringify({ apiVersion: 'v1', spec: { dnsPolicy: 'Default' } });
    const words = [
      '--image=node:24',
      '--restart=Never',
      `--overrides=${overrides}`,
      '--command',
      '--',
      'node',
      '-e',
      script,
    ];
    await cluster.ask('run', 'outsider', ...words);
    await cluster.ask('wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/outsider', '--timeout=60s');
    expect(await cluster.ask('logs', 'outsider')).toBe(`[ '${clusterIP}' ]`);
  });

  it('serves a Service without a selector by the Endpoints that somebody writes', async () => {
    const [address = ''] = (
      await cluster.ask('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].status.podIP}')
    ).split(' ');
    const metadata = { name: 'manual', namespace: 'default' };
    await cluster.client.create(services, { metadata, spec: { ports: [{ name: 'http', port: 80 }] } });
    const subsets = [{ addresses: [{ ip: address }], ports: [{ name: 'http', port: 8080 }] }];
    await cluster.client.create(endpoints, { metadata, subsets });
    const own = await cluster.ask('get', 'service', 'manual', '-o', 'jsonpath={.spec.clusterIP}');
    const asked = (): Promise<string> => fetchBody(`http://${own}/by-hand`).catch(() => '');
    await expect.poll(asked, { timeout: 30_000 }).toMatch(/^web-\S+ \/by-hand$/);
  });

  it('answers for a Service of type LoadBalancer where its status says', async () => {
    await cluster.ask(
      'expose',
      'deployment',
      'web',
      '--name=balanced',
      '--type=LoadBalancer',
      '--port=80',
      '--target-port=8080',
    );
    const path = 'jsonpath={.status.loadBalancer.ingress[0].ip}';
    await cluster.ask('wait', `--for=${path}`, 'service/balanced', '--timeout=30s');
    const address = await cluster.ask('get', 'service', 'balanced', '-o', path);
    const asked = (): Promise<string> => fetchBody(`http://${address}/balanced`).catch(() => '');
    await expect.poll(asked, { timeout: 30_000 }).toMatch(/^web-\S+ \/balanced$/);
  });

  it('carries UDP to a Service, and keeps a client with one pod where it is asked to', async () => {
    const script = [
      'const socket = require("node:dgram").createSocket("udp4");',
      'socket.on("message", (message, { port, address }) => socket.send(process.env.HOSTNAME + " got " + message, port, address));',
      'socket.bind(7777, () => console.log("up"));',
    ].join('\n');
    await cluster.ask('run', 'echo', '--image=node:24', '--labels=app=echo', '--command', '--', 'node', '-e', script);
    const patch = JSON.stringify({ spec: { sessionAffinity: 'ClientIP' } });
    await cluster.ask('patch', 'service', 'web', '-p', patch);
    await cluster.ask('expose', 'pod', 'echo', '--port=53', '--target-port=7777', '--protocol=UDP', '--type=NodePort');
    const address = await cluster.ask('get', 'service', 'echo', '-o', 'jsonpath={.spec.clusterIP}');
    await expect.poll(() => askDatagram(address, 53), { timeout: 30_000 }).toBe('echo got hello');
    const port = await cluster.ask('get', 'service', 'echo', '-o', 'jsonpath={.spec.ports[0].nodePort}');
    await expect.poll(() => askDatagram('127.0.0.1', Number(port)), { timeout: 30_000 }).toBe('echo got hello');
    const kept = async (): Promise<number> => {
      const asked = Array.from({ length: 20 }, () => fetchBody(`http://${clusterIP}/x`));
      return new Set(await Promise.all(asked)).size;
    };
    await fetchBody(`http://${clusterIP}/x`);
    await expect.poll(kept, { timeout: 30_000 }).toBe(1);
    await cluster.ask('patch', 'service', 'web', '-p', JSON.stringify({ spec: { sessionAffinity: 'None' } }));
    await expect.poll(kept, { timeout: 30_000 }).toBe(2);
  });

  it.each([
    ['web.example', '/exact', /^200 web-\S+ \/exact$/],
    ['web.example', '/exact/', /^404 no route for web\.example\/exact\//],
    ['web.example', '/prefix/deeper', /^200 web-/],
    ['web.example', '/prefixed', /^404 /],
    ['web.example', '/nobody', /^503 no backend/],
    ['a.wild.example', '/any', /^200 web-/],
    ['wild.example', '/any', /^404 /],
    ['other.example', '/', /^404 no route for other\.example/],
  ])('routes %s%s by host and path', async (host, path, expected) => {
    const message = await answer(through(cluster.gateway, { host, path }).end());
    expect(`${message.statusCode} ${(await text(message)).trim()}`).toMatch(expected);
  });

  it('says in the Ingress where it is served', async () => {
    await cluster.ask(
      'wait',
      '--for=jsonpath={.status.loadBalancer.ingress[0].ip}=127.0.0.1',
      'ingress/web',
      '--timeout=10s',
    );
    expect(await cluster.ask('describe', 'ingress', 'web')).toMatch(/Address: +127\.0\.0\.1/);
  });

  it('streams a large body both ways at once', async () => {
    const body = randomBytes(16 * 1024 * 1024);
    const sent = through(cluster.gateway, { host: 'a.wild.example', path: '/echo', method: 'POST' });
    const received = answer(sent);
    sent.end(body);
    const hash = createHash('sha256');
    for await (const piece of await received) hash.update(piece);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(body).digest('hex'));
  });

  it('cuts nothing in flight when endpoints leave: requests, and an open WebSocket', async () => {
    const slow = [
      through(`http://${clusterIP}`, { host: clusterIP, path: '/slow', method: 'POST' }),
      through(cluster.gateway, { host: 'a.wild.example', path: '/slow', method: 'POST' }),
    ];
    const begun = slow.map((each) => answer(each));
    for (const each of slow) each.flushHeaders();
    const socket = await openWebSocket(cluster.gateway, 'a.wild.example');
    const messages = await Promise.all(begun);
    const before = (await pods()).split(' ');
    await cluster.ask('scale', 'deployment', 'web', '--replicas=0');
    await endpointsGone(cluster.client);
    socket.write('still here');
    expect(String((await once(socket, 'data'))[0])).toBe('still here');
    socket.destroy();
    for (const each of slow) each.end('now');
    for (const message of messages) {
      const said = await text(message);
      expect(before).toContain(said.split(' ')[0]);
      expect(said).toMatch(/ begins and ends$/);
    }
  });
});

/** Resolves when the Service has no address any more. */
async function endpointsGone(client: KubeClient): Promise<void> {
  const key = { namespace: 'default', fieldSelector: 'metadata.name=web' };
  const { items, metadata } = await client.list(endpoints, key);
  if (items.every(({ subsets = [] }) => subsets.length === 0)) return;
  const { signal } = new AbortController();
  for await (const { type, object } of client.watch(endpoints, {
    ...key,
    resourceVersion: metadata.resourceVersion,
    signal,
  })) {
    if (type === 'MODIFIED' && (object.subsets ?? []).length === 0) return;
  }
  throw new Error('the watch ended while the Service had addresses');
}

interface Target {
  readonly host: string;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request on a connection of its own. */
function through(base: string, { host, path, method = 'GET', headers }: Target): ClientRequest {
  const { hostname, port } = new URL(base);
  return request({ host: hostname, port, path, method, headers: { host, ...headers }, agent: false });
}

async function answer(sent: ClientRequest): Promise<IncomingMessage> {
  const [message]: IncomingMessage[] = await once(sent, 'response');
  if (message === undefined) throw new Error('a response without a message');
  return message;
}

async function fetchBody(url: string): Promise<string> {
  const { host, pathname } = new URL(url);
  return text(await answer(through(url, { host, path: pathname }).end()));
}

/** Undefined when no answer came at once. */
async function askDatagram(address: string, port: number): Promise<string | undefined> {
  const socket = createSocket('udp4');
  try {
    socket.send('hello', port, address);
    const [answer]: Buffer[] = await once(socket, 'message', { signal: AbortSignal.timeout(1_000) });
    return String(answer);
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

async function openWebSocket(base: string, host: string): Promise<Duplex> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
  };
  const sent = through(base, { host, path: '/socket', headers }).end();
  const [, socket]: [IncomingMessage, Duplex] = (await once(sent, 'upgrade')) as [IncomingMessage, Duplex];
  return socket;
}
