import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { request as requestHttp } from '@slipway/kube/platform/http';
import type { HTTPGetAction } from '@slipway/kube/api.generated';
import { describeDialError } from './dial-error.ts';

/** What a handler found. `warning` is a success that is worth an event. */
export interface ProbeOutcome {
  readonly result: 'success' | 'warning' | 'failure';
  readonly output: string;
}

const maxBodyBytes = 10 * 1024;
const maxRedirects = 10;

export interface HttpTarget {
  readonly host: string;
  readonly port: number;
  readonly userAgent: string;
  /** Ends the attempt: its time is over, or nobody wants to know any more. */
  readonly signal: AbortSignal;
}

/** What came of a GET. `elsewhere`: redirected to another host, which is not followed. */
export type HttpOutcome =
  | { readonly kind: 'answer' | 'elsewhere'; readonly status: number; readonly body: string }
  /** `isPlain`: HTTPS was asked for, and what answered does not speak it. */
  | { readonly kind: 'failure'; readonly output: string; readonly isPlain: boolean };

/** 200 to 399 is success. */
export async function probeHttp(action: HTTPGetAction, target: HttpTarget): Promise<ProbeOutcome> {
  const outcome = await getHttp(action, target);
  switch (outcome.kind) {
    case 'answer':
      return judge(outcome);
    case 'elsewhere':
      return { result: 'warning', output: `Probe terminated redirects, Response body: ${outcome.body}` };
    case 'failure':
      return { result: 'failure', output: outcome.output };
  }
}

/** Redirects are followed on the same host only. Certificates are not verified. */
export async function getHttp(action: HTTPGetAction, target: HttpTarget): Promise<HttpOutcome> {
  const first = urlOf(action, target);
  const headers = headersOf(action, target);
  let url = first;
  try {
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const response = await get(url, headers, target.signal);
      const next = redirectOf(response, url);
      if (next === undefined) return { kind: 'answer', ...response };
      if (next.hostname !== first.hostname) return { kind: 'elsewhere', ...response };
      url = next;
    }
    return failureOf(url, `stopped after ${maxRedirects} redirects`);
  } catch (error) {
    if (isNoTls(error)) return { ...failureOf(url, 'http: server gave HTTP response to HTTPS client'), isPlain: true };
    return failureOf(url, describeFailure(error, url, target.signal));
  }
}

function failureOf({ href }: URL, why: string): Extract<HttpOutcome, { kind: 'failure' }> {
  return { kind: 'failure', output: `Get "${href}": ${why}`, isPlain: false };
}

/** OpenSSL says so of an answer that does not begin as a record of TLS. */
function isNoTls(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && error.code === 'EPROTO' && /wrong version number/.test(error.message)
  );
}

function urlOf({ scheme, path }: HTTPGetAction, { host, port }: HttpTarget): URL {
  const authority = host.includes(':') ? `[${host}]` : host;
  const root = `${(scheme ?? 'HTTP').toLowerCase()}://${authority}:${port}`;
  return new URL(path === undefined || path === '' ? '/' : path.startsWith('/') ? path : `/${path}`, root);
}

function headersOf({ httpHeaders = [] }: HTTPGetAction, { userAgent }: HttpTarget): Readonly<Record<string, string[]>> {
  const headers: Record<string, string[]> = { 'user-agent': [userAgent], accept: ['*/*'], connection: ['close'] };
  const own = new Map<string, string[]>();
  for (const { name, value } of httpHeaders) {
    const key = name.toLowerCase();
    own.set(key, [...(own.get(key) ?? []), value]);
  }
  return { ...headers, ...Object.fromEntries(own) };
}

interface ShortResponse {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

function get(url: URL, headers: Readonly<Record<string, string[]>>, signal: AbortSignal): Promise<ShortResponse> {
  return new Promise((resolve, reject) => {
    const options = { headers: flatten(headers), agent: false as const, signal };
    const onResponse = (response: IncomingMessage): void => {
      readStart(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, location: response.headers.location, body }),
        reject,
      );
    };
    const sent =
      url.protocol === 'https:'
        ? requestHttps(url, { ...options, rejectUnauthorized: false }, onResponse)
        : requestHttp(url, options, onResponse);
    sent.on('error', reject);
    sent.end();
  });
}

/** `Host` may be given once only. */
function flatten(headers: Readonly<Record<string, string[]>>): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]),
  );
}

async function readStart(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    size += bytes.length;
    if (size >= maxBodyBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBodyBytes).toString();
}

function redirectOf({ status, location }: ShortResponse, from: URL): URL | undefined {
  const redirects = [301, 302, 303, 307, 308].includes(status);
  return redirects && location !== undefined && URL.canParse(location, from.href) ? new URL(location, from) : undefined;
}

function judge({ status, body }: { readonly status: number; readonly body: string }): ProbeOutcome {
  if (status >= 200 && status < 400) return { result: 'success', output: body };
  return { result: 'failure', output: `HTTP probe failed with statuscode: ${status}` };
}

function describeFailure(error: unknown, url: URL, signal: AbortSignal): string {
  if (signal.aborted) return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return describeDialError(error, `${url.hostname}:${port}`);
}
