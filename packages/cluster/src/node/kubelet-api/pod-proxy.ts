import type { ClientRequest, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { endToEndHeaders } from '@slipway/kube/hop-by-hop';
import { request as requestHttp } from '@slipway/kube/platform/http';
import type { RawResponse } from '@slipway/kube/client';
import { StatusError } from '@slipway/kube/status-error';
import { describeDialError } from '../probes/dial-error.ts';
import type { KubeletRequest } from './kubelet-request.ts';

export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
  /** With the query. */
  readonly path: string;
}

/** Passes a request on to a pod, bodies streaming both ways. One that cannot be reached is a `ServiceUnavailable` with the cause. */
export function forwardToPod(request: KubeletRequest, target: ProxyTarget): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const sent = requestHttp({
      host: target.host,
      port: target.port,
      path: target.path,
      method: request.method,
      headers: { ...endToEndHeaders(request.headers), host: `${target.host}:${target.port}` },
      agent: false,
      signal: request.signal,
    });
    sent.on('response', (response) => resolve(toRawResponse(response)));
    sent.on('error', (error) => {
      const cause = describeDialError(error, `${target.host}:${target.port}`);
      reject(new StatusError('ServiceUnavailable', `error trying to reach service: ${cause}`, { cause: error }));
    });
    sendBody(sent, request.body).catch((error: unknown) =>
      sent.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  });
}

async function sendBody(sent: ClientRequest, body: AsyncIterable<Uint8Array> | undefined): Promise<void> {
  if (body === undefined) sent.end();
  else await pipeline(Readable.from(body), sent);
}

function toRawResponse(response: IncomingMessage): RawResponse {
  const headers = Object.entries(response.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
  );
  return {
    status: response.statusCode ?? 502,
    headers: endToEndHeaders(Object.fromEntries(headers)),
    body: response,
  };
}
