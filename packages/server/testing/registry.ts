/** A registry of images on loopback: as much of the Distribution API as asks for a manifest, behind bearer tokens. */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** What the tag leads to from now on. Resolves with its digest. */
  push(repository: string, tag: string, content: string): string;
  /** From now on nobody reads without them. */
  requireCredentials(username: string, password: string): void;
  /** Answers the next requests for a manifest instead of it. */
  readonly answers: Array<(response: ServerResponse) => void>;
  /** Realm of its challenges; its own unless a test says otherwise. */
  realm: string;
  /** What was asked: method and path, and how whoever asked showed who he is. */
  readonly asked: Array<{ readonly what: string; readonly scheme: string | undefined }>;
}

const manifestType = 'application/vnd.oci.image.index.v1+json';

export async function startRegistry(): Promise<TestRegistry> {
  const manifests = new Map<string, string>();
  const tokens = new Map<string, string>();
  const answers: TestRegistry['answers'] = [];
  const asked: TestRegistry['asked'] = [];
  let credentials: string | undefined;
  const state = { realm: '' };

  const giveToken = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void => {
    if (credentials !== undefined && request.headers.authorization !== credentials)
      return void response.writeHead(401).end('{"errors":[{"code":"UNAUTHORIZED"}]}');
    const token = randomUUID();
    tokens.set(`Bearer ${token}`, `${query.get('service') ?? ''} ${query.get('scope') ?? ''}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ token, expires_in: 60 }));
  };
  const giveManifest = (request: IncomingMessage, response: ServerResponse, [path = '', tag = '']: string[]): void => {
    if (tokens.get(request.headers.authorization ?? '') !== `registry.test repository:${path}:pull`) {
      const challenge = `Bearer realm="${state.realm}",service="registry.test",scope="repository:${path}:pull"`;
      return void response.writeHead(401, { 'www-authenticate': challenge }).end();
    }
    const answer = answers.shift();
    if (answer !== undefined) return answer(response);
    const content = manifests.get(`${path}:${tag}`);
    // Of a registry that is not asked for an index whoever asks gets another manifest, which has another digest.
    if (content === undefined || request.headers.accept?.includes(manifestType) !== true)
      return void response.writeHead(404).end();
    response
      .writeHead(200, { 'docker-content-digest': content, 'content-type': manifestType, 'content-length': 700 })
      .end();
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://registry');
    const scheme = request.headers.authorization?.split(' ')[0];
    asked.push({ what: `${request.method ?? ''} ${url.pathname}`, scheme });
    const named = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(url.pathname);
    if (url.pathname === '/token') giveToken(request, response, url.searchParams);
    else if (named !== null && request.method === 'HEAD') giveManifest(request, response, named.slice(1));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  state.realm = `http://${host}/token`;
  return Object.assign(state, {
    host,
    answers,
    asked,
    push: (repository: string, tag: string, content: string) => {
      const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
      manifests.set(`${repository}:${tag}`, digest);
      return digest;
    },
    requireCredentials: (username: string, password: string) => {
      credentials = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}
