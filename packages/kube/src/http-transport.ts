/** Requests to an API server over HTTP, on connections that are kept alive; Node's own client, because it starts in no time and speaks to unix sockets. */
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Agent as HttpAgent, request as httpRequest } from './platform/http.ts';
import { StatusError } from './status-error.ts';
import type { Transport, TransportBody, TransportRequest, TransportResponse } from './transport.ts';

/** PEM. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface HttpTransportOptions {
  /** `https://host:port`, with a path if the API is served below one. */
  readonly server: string;
  /** A unix socket to connect to instead of the server's host. */
  readonly socketPath?: string | undefined;
  /** PEM. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  /** Name to expect in the server's certificate, where it is not the host's. */
  readonly tlsServerName?: string | undefined;
  /** Asked before each request; tokens expire and files change. */
  readonly token?: (() => string | undefined | Promise<string | undefined>) | undefined;
  /** Asked before each request too; others than `cert` and `key` take their place, on new connections. */
  readonly certificate?: (() => Promise<ClientCertificate | undefined>) | undefined;
  /** The server does not accept who we say we are. */
  readonly onUnauthorized?: (() => void) | undefined;
  readonly userAgent?: string | undefined;
}

/** An answer other than a stream must begin within this time. */
const answerTimeoutMilliseconds = 60_000;
const maximumAnswerBytes = 512 * 1024 * 1024;
/** One event of a watch. Objects are bounded well below. */
const maximumLineBytes = 16 * 1024 * 1024;

export function createHttpTransport(options: HttpTransportOptions): Transport {
  const server = new URL(options.server);
  const isSecure = server.protocol === 'https:';
  const base: RequestOptions =
    options.socketPath === undefined
      ? {
          host: server.hostname.replace(/^\[|\]$/g, ''),
          port: server.port === '' ? (isSecure ? 443 : 80) : server.port,
        }
      : { socketPath: options.socketPath };
  const connection = { base, options, isSecure, agent: agentSource(options, isSecure) };
  return { send: (request) => send(request, { ...connection, prefix: server.pathname.replace(/\/$/, '') }) };
}

type Agent = InstanceType<typeof HttpAgent>;

/** One agent for as long as the certificate stays the same. */
function agentSource(options: HttpTransportOptions, isSecure: boolean): () => Agent | Promise<Agent> {
  const { certificate, cert, key } = options;
  let pair: Credentials = { cert, key };
  let agent = isSecure ? createSecureAgent(options, pair) : new HttpAgent({ keepAlive: true });
  if (certificate === undefined || !isSecure) return () => agent;
  return async () => {
    const next = await certificate();
    if (next === undefined || (next.cert === pair.cert && next.key === pair.key)) return agent;
    // As client-go does: a server asks for the certificate only when a connection is made.
    agent.destroy();
    pair = next;
    agent = createSecureAgent(options, pair);
    return agent;
  };
}

type Credentials = Pick<HttpTransportOptions, 'cert' | 'key'>;

function createSecureAgent(options: HttpTransportOptions, { cert, key }: Credentials): Agent {
  const { ca, tlsServerName: servername } = options;
  const rejectUnauthorized = options.insecureSkipTlsVerify !== true;
  return new HttpsAgent({ keepAlive: true, rejectUnauthorized, ...defined({ ca, cert, key, servername }) });
}

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

interface Connection {
  readonly base: RequestOptions;
  readonly agent: () => Agent | Promise<Agent>;
  readonly options: HttpTransportOptions;
  readonly isSecure: boolean;
  readonly prefix: string;
}

async function send(request: TransportRequest, connection: Connection): Promise<TransportResponse> {
  const query = request.rawQuery ?? request.query.toString();
  const path = `${connection.prefix}${request.path}${query === '' ? '' : `?${query}`}`;
  const token = await connection.options.token?.();
  const body =
    request.body === undefined
      ? undefined
      : 'bytes' in request.body
        ? request.body.bytes
        : Buffer.from(JSON.stringify(request.body.json));
  const headers = {
    'user-agent': connection.options.userAgent ?? 'slipway',
    ...request.headers,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-length': String(body.length) }),
  };
  const incoming = await exchange(
    { ...connection.base, agent: await connection.agent(), method: request.method, path, headers },
    { connection, body, signal: request.signal },
  );
  const answered = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
  const status = incoming.statusCode ?? 0;
  if (status === 401) connection.options.onUnauthorized?.();
  return {
    status,
    headers: answered,
    body: await readBody(incoming, {
      status,
      isWatch: isWatch(request),
      isJson: (answered['content-type'] ?? '').includes('json'),
      wantsJson: request.headers['accept']?.startsWith('application/json') === true,
    }),
  };
}

function isWatch({ query }: TransportRequest): boolean {
  return query.get('watch') === 'true' || query.get('watch') === '1';
}

interface Exchange {
  readonly connection: Connection;
  readonly body: Uint8Array | undefined;
  readonly signal: AbortSignal | undefined;
}

function exchange(options: RequestOptions, given: Exchange): Promise<IncomingMessage> {
  const { connection, body, signal } = given;
  return new Promise((resolve, reject) => {
    const start = connection.isSecure ? httpsRequest : httpRequest;
    const outgoing = start({ ...options, ...(signal === undefined ? {} : { signal }) });
    outgoing.setTimeout(answerTimeoutMilliseconds, () =>
      outgoing.destroy(new Error(`no answer within ${answerTimeoutMilliseconds / 1_000} s`)),
    );
    let isAnswered = false;
    outgoing.once('response', (incoming) => {
      isAnswered = true;
      outgoing.setTimeout(0);
      resolve(incoming);
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      if (signal?.aborted === true) reject(error);
      else if (!isAnswered && isStale(outgoing, error)) resolve(exchange(options, given));
      else reject(unreachable(error, connection.options));
    });
    outgoing.end(body);
  });
}

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * The server closed a kept connection at the moment at which it was used again. What changes nothing is sent once more: over
 * another one, and in the end over a new one, with which this cannot be.
 */
function isStale({ reusedSocket, method }: ClientRequest, { code }: NodeJS.ErrnoException): boolean {
  return reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE') && safeMethods.has(method);
}

function unreachable(error: Error, options: HttpTransportOptions): StatusError {
  return new StatusError(
    'ServiceUnavailable',
    `the API server at ${options.socketPath ?? options.server} cannot be reached: ${error.message}`,
    { cause: error },
  );
}

interface Reading {
  readonly status: number;
  readonly isWatch: boolean;
  readonly isJson: boolean;
  readonly wantsJson: boolean;
}

async function readBody(incoming: IncomingMessage, reading: Reading): Promise<TransportBody> {
  if (reading.isWatch && reading.status < 400) return { kind: 'watch', events: parseLines(incoming) };
  // Logs and proxied answers are asked for without naming JSON and are handed on as they come, whatever they are.
  if (!reading.isJson || (!reading.wantsJson && reading.status < 400)) return { kind: 'bytes', chunks: incoming };
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maximumAnswerBytes)
        throw new StatusError('Unknown', `the answer is longer than ${maximumAnswerBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof StatusError
      ? error
      : new StatusError('ServiceUnavailable', 'the connection broke in the middle of an answer', { cause: error });
  }
  return { kind: 'json', value: parseJson(Buffer.concat(chunks).toString('utf8')) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StatusError('Unknown', 'the API server answered with JSON that cannot be read', { cause: error });
  }
}

async function* parseLines(incoming: IncomingMessage): AsyncIterable<unknown> {
  let rest = '';
  incoming.setEncoding('utf8');
  try {
    for await (const chunk of incoming as AsyncIterable<string>) {
      rest += chunk;
      let end = rest.indexOf('\n');
      while (end >= 0) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 1);
        if (line !== '') yield parseJson(line);
        end = rest.indexOf('\n');
      }
      if (rest.length > maximumLineBytes)
        throw new StatusError('Unknown', `an event of a watch is longer than ${maximumLineBytes} bytes`);
    }
  } catch (error) {
    throw error instanceof StatusError
      ? error
      : new StatusError('ServiceUnavailable', 'the watch broke off', { cause: error });
  } finally {
    incoming.destroy();
  }
}
