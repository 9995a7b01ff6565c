/** One bounded GET to an address that a check names. Redirects are not followed, proxies of the environment not used. */
import { lookup, type LookupAddress } from 'node:dns';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Clock } from '@slipway/kube/clock';
import { request as httpRequest } from '@slipway/kube/platform/http';
import { limitTime } from '@slipway/kube/time-limit';
import { describeUnreachable, isReachable, type Reach } from './reachable-address.ts';

const timeoutMilliseconds = 10_000;
const maximumBodyBytes = 1_048_576;

export interface HttpQuestion {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** PEM; trusted instead of the usual authorities. */
  readonly ca?: string | undefined;
  /** Take any certificate. */
  readonly insecure?: boolean | undefined;
  readonly signal: AbortSignal;
}

export interface HttpSending extends HttpQuestion {
  /** Default GET. */
  readonly method?: string | undefined;
  readonly body?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** Rejects with an error whose message says why there is no answer. */
export type HttpGet = (question: HttpQuestion) => Promise<HttpAnswer>;

export interface HttpGetOptions extends Reach {
  readonly clock: Clock;
}

export function createHttpGet({ clock, ...reach }: HttpGetOptions): HttpGet {
  return async (question) => {
    using limit = limitTime({
      clock,
      milliseconds: timeoutMilliseconds,
      signal: question.signal,
      message: `no answer within ${timeoutMilliseconds / 1_000} s`,
    });
    const incoming = await sendRequest({ ...question, signal: limit.signal }, reach);
    try {
      return await readAnswer(incoming, limit.signal);
    } finally {
      incoming.destroy();
    }
  };
}

/** Resolves with the head of the answer, whose body the caller reads or destroys. */
export function sendRequest(question: HttpSending, reach: Reach): Promise<IncomingMessage> {
  const { url, headers, ca, insecure, method = 'GET', body, signal } = question;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isReachable(host, reach)) return Promise.reject(new Error(describeUnreachable(host, host)));
  const options: RequestOptions = {
    agent: false,
    method,
    headers: { ...headers, 'accept-encoding': 'identity', 'user-agent': 'slipway' },
    lookup: guardedLookup(reach),
    signal,
  };
  const tls = { rejectUnauthorized: insecure !== true, ...(ca === undefined ? {} : { ca }) };
  return new Promise((resolve, reject) => {
    const outgoing = url.protocol === 'https:' ? httpsRequest(url, { ...options, ...tls }) : httpRequest(url, options);
    outgoing.on('response', resolve);
    outgoing.on('error', (error) => reject(reasonOf(error, signal)));
    outgoing.end(body);
  });
}

/** The address that was judged is the address that is dialled: a second answer of the name server changes nothing. */
function guardedLookup(reach: Reach): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      const addresses: readonly LookupAddress[] = error === null ? found : [];
      const refused = addresses.find(({ address }) => !isReachable(address, reach));
      const [first] = addresses;
      if (error !== null || first === undefined) callback(error ?? new Error(`${host} has no address`), []);
      else if (refused !== undefined) callback(new Error(describeUnreachable(host, refused.address)), []);
      else if (options.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };
}

async function readAnswer(incoming: IncomingMessage, signal: AbortSignal): Promise<HttpAnswer> {
  const status = incoming.statusCode ?? 0;
  if (status >= 300 && status < 400)
    throw new Error(`the server answered ${status}: redirects are not followed, give the address that it leads to`);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of incoming) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > maximumBodyBytes) throw new Error(`the answer is longer than ${maximumBodyBytes} bytes`);
      chunks.push(bytes);
    }
  } catch (error) {
    throw reasonOf(error, signal);
  }
  return { status, body: Buffer.concat(chunks).toString('utf8') };
}

/** What ended the request, and not that it was ended. */
function reasonOf(error: unknown, { aborted, reason }: AbortSignal): Error {
  if (aborted && reason instanceof Error) return reason;
  return error instanceof Error ? error : new Error(String(error));
}
