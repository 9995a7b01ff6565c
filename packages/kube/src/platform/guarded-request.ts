/** Requests to addresses that others name. Redirects are not followed, proxies of the environment not used. */
import { lookup, type LookupAddress } from 'node:dns';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { request as httpRequest } from './http.ts';

export interface GuardedRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** PEM; trusted instead of the usual authorities. */
  readonly ca?: string | undefined;
  /** Take any certificate. */
  readonly insecure?: boolean | undefined;
  /** Default GET. */
  readonly method?: string | undefined;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
}

/** Undefined where the address may be asked; otherwise why not. */
export type JudgeAddress = (host: string, address: string) => string | undefined;

/** Resolves with the head of the answer, whose body the caller reads or destroys. */
export function sendGuarded(question: GuardedRequest, judge: JudgeAddress): Promise<IncomingMessage> {
  const { url, headers, ca, insecure, method = 'GET', body, signal } = question;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const refusal = isIP(host) === 0 ? undefined : judge(host, host);
  if (refusal !== undefined) return Promise.reject(new Error(refusal));
  const options: RequestOptions = {
    agent: false,
    method,
    headers: { ...headers, 'accept-encoding': 'identity', 'user-agent': 'slipway' },
    lookup: guardedLookup(judge),
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
function guardedLookup(judge: JudgeAddress): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      const addresses: readonly LookupAddress[] = error === null ? found : [];
      const refusal = addresses.map(({ address }) => judge(host, address)).find((each) => each !== undefined);
      const [first] = addresses;
      if (error !== null || first === undefined) callback(error ?? new Error(`${host} has no address`), []);
      else if (refusal !== undefined) callback(new Error(refusal), []);
      else if (options.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };
}

/** What ended the request, and not that it was ended. */
export function reasonOf(error: unknown, { aborted, reason }: AbortSignal): Error {
  if (aborted && reason instanceof Error) return reason;
  return error instanceof Error ? error : new Error(String(error));
}
