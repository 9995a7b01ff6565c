/** A server on a cluster in virtual time, asked over real HTTP and WebSockets. */
import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import type { KubeClient } from '@slipway/kube/client';
import { silentLogger } from '@slipway/kube/logger';
import { createDeliveryCluster, type DeliveryCluster } from '../../delivery/testing/delivery-cluster.ts';
import type { Database } from '../src/database/database.ts';
import type { OidcOptions } from '../src/identity/oidc/oidc-options.ts';
import type { Grant, Role } from '../src/identity/principal.ts';
import { createSealer, type Sealer } from '../src/secrets/sealer.ts';
import { startServer, type RunningServer } from '../src/start-server.ts';
import { createAnswerCheck, type OpenApiDocument } from './openapi-check.ts';
import { openTestDatabase } from './test-database.ts';

export interface TestServer {
  readonly cluster: DeliveryCluster;
  readonly database: Database;
  readonly server: RunningServer;
  /** Of an admin. */
  readonly token: string;
  /** What it seals with. */
  readonly sealer: Sealer;
  /** Throws where the answer is not as the server's OpenAPI document says. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Time goes on until it is there: for an answer that waits for a controller, and for the end of a stream. */
  during<T>(awaited: Promise<T>): Promise<T>;
  /** Frames of a stream as they come; ends with the stream. */
  listen(path: string, options?: ListenOptions): TestStream;
  /** A new token with these rights. */
  tokenFor(...grants: readonly Grant[]): Promise<string>;
  /** Tells the server to end; `server.done` says when it has. */
  end(): void;
  stop(): Promise<void>;
}

export interface CallOptions {
  readonly body?: unknown;
  /** Of an admin unless said otherwise; empty: none. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

// Tests read what they expect.
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

export interface ListenOptions {
  readonly token?: string;
  /** Nothing is read from the start, until `resume`. */
  readonly paused?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestStream {
  readonly frames: Json[];
  /** Resolves when a frame has come that is so. */
  until(isSo: (frame: Json) => boolean): Promise<void>;
  /** Resolves with why it ended: the code of the close, or the HTTP status that it was refused with. */
  readonly ended: Promise<number>;
  /** What it was told when it ended. */
  readonly reason: string;
  pause(): void;
  resume(): void;
  close(): void;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

export interface TestServerOptions {
  readonly anonymousRole?: Role;
  readonly namespace?: string;
  readonly pages?: string;
  readonly compatRoot?: boolean;
  readonly oidc?: OidcOptions;
  readonly publicUrl?: string;
  readonly trustedProxies?: readonly string[];
  readonly corsOrigins?: readonly string[];
  readonly allowPrivateTargets?: boolean;
  /** Outside of a test, which is told which one to use. */
  readonly openDatabase?: () => Promise<Database>;
  /** What stands between the server and its tables. */
  readonly on?: (database: Database) => Database;
  /** What stands between the server and the cluster. */
  readonly through?: (client: KubeClient) => KubeClient;
}

export const randomText = (bytes: number): string => randomBytes(bytes).toString('base64url');

export async function startTestServer({
  through = (client) => client,
  on = (database) => database,
  openDatabase,
  ...options
}: TestServerOptions = {}): Promise<TestServer> {
  const cluster = await createDeliveryCluster();
  const database = await (openDatabase?.() ?? openTestDatabase(cluster.clock));
  const stopping = new AbortController();
  let token = '';
  const sealingKey = randomBytes(32);
  const server = await startServer({
    client: through(cluster.client),
    database: on(database),
    clock: cluster.clock,
    logger: silentLogger,
    randomText,
    sealingKey,
    random: () => 0.5,
    identity: 'server-1',
    host: '127.0.0.1',
    port: 0,
    leaseNamespace: 'default',
    signal: stopping.signal,
    keepFirstToken: async (first) => {
      token = first;
    },
    ...options,
  });
  await cluster.advance(100);
  const document = await fetch(new URL('/api/v1/openapi.json', server.url));
  const check = createAnswerCheck((await document.json()) as OpenApiDocument);
  const call = async (method: string, path: string, given: CallOptions = {}): Promise<Answer> => {
    const bearer = given.token ?? token;
    const response = await fetch(new URL(path, server.url), {
      method,
      headers: {
        ...(bearer === '' ? {} : { authorization: `Bearer ${bearer}` }),
        ...(given.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...given.headers,
      },
      ...(given.body === undefined
        ? {}
        : { body: typeof given.body === 'string' ? given.body : JSON.stringify(given.body) }),
    });
    const text = await response.text();
    const contentType = response.headers.get('content-type') ?? '';
    const allow = response.headers.get('allow') ?? undefined;
    check({ method, path: new URL(path, server.url).pathname, status: response.status, contentType, allow, text });
    const isJson = /[/+]json(;|$)/.test(contentType);
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text,
    };
  };
  return {
    cluster,
    database,
    server,
    token,
    sealer: createSealer(sealingKey, randomText),
    call,
    during: async (awaited) => {
      const going = new Set(['going']);
      const settled = awaited.finally(() => going.clear());
      while (going.size > 0) {
        await cluster.advance(50);
        // What is asked and read meanwhile goes over the network, in real time.
        await call('GET', '/healthz');
      }
      return await settled;
    },
    listen: (path, given = {}) => openStream(new URL(path, server.url), { token, ...given }),
    tokenFor: async (...grants) => {
      const { body } = await call('POST', '/api/v1/tokens', { body: { name: 'test', grants } });
      return body.token as string;
    },
    end: () => stopping.abort(new Error('the test ends the server')),
    stop: async () => {
      stopping.abort(new Error('the test has ended'));
      await server.done;
      await database.close();
      await cluster.stop();
    },
  };
}

export const shopSpec = (image: string) => ({
  template: { spec: { containers: [{ name: 'web', image, ports: [{ name: 'http', containerPort: 8080 }] }] } },
  service: { ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  strategy: { type: 'blueGreen' },
  healthCheck: { path: '/health', type: 'probe' as const },
  guardSeconds: 10,
  drainSeconds: 0,
});

function openStream(url: URL, { token = '', headers = {}, paused = false }: ListenOptions): TestStream {
  const authorization = token === '' ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(`ws://${url.host}${url.pathname}${url.search}`, {
    headers: { ...authorization, ...headers },
  });
  const ended = Promise.withResolvers<number>();
  const frames: TestStream['frames'] = [];
  const waiting = new Set<() => void>();
  let reason = '';
  if (paused) socket.on('open', () => socket.pause());
  socket.on('message', (data) => {
    frames.push(JSON.parse(String(data)));
    for (const look of waiting) look();
  });
  socket.on('close', (code, told) => {
    reason = String(told);
    ended.resolve(code);
  });
  socket.on('unexpected-response', (request, response) => {
    ended.resolve(response.statusCode ?? 0);
    request.destroy();
  });
  socket.on('error', () => undefined);
  return {
    frames,
    ended: ended.promise,
    get reason() {
      return reason;
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.close(),
    until: (isSo) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!frames.some(isSo)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
