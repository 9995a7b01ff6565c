import { request as requestHttps } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

export interface WebhookEndpoint {
  readonly url: URL;
  /** Where it is to be reached, if not by the name in `url`; its certificate is held against that name. */
  readonly address?: string | undefined;
  /** PEM. Absent: those that the machine trusts. */
  readonly authority?: string | undefined;
}

export type CallWebhook = (endpoint: WebhookEndpoint, body: string, signal: AbortSignal) => Promise<unknown>;

/** More than any answer needs: a patch may hold a whole object. */
const maximumBytes = 16 * 1024 * 1024;

/** Posts a review, on a connection of its own. Rejects with why there is no answer in JSON. */
export const callWebhook: CallWebhook = async ({ url, address, authority }, body, signal) => {
  // An address is no name that a server could be asked by; one of IPv6 stands in brackets here.
  const isAddress = isIP(url.hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = requestHttps(url, {
      method: 'POST',
      headers: {
        host: url.host,
        'content-type': 'application/json',
        accept: 'application/json',
        'content-length': Buffer.byteLength(body),
      },
      agent: false,
      signal,
      ...(isAddress ? {} : { servername: url.hostname }),
      ...(address === undefined ? {} : { hostname: address }),
      ...(authority === undefined ? {} : { ca: authority }),
    });
    // A second error is as bad as the first: one that nobody listens to ends the process.
    sent.once('response', resolve).on('error', reject);
    sent.end(body);
  });
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maximumBytes) throw new Error(`the answer is longer than ${maximumBytes} bytes`);
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString();
  if (response.statusCode !== 200) throw new Error(`it answered ${response.statusCode}: ${text.slice(0, 200)}`);
  return JSON.parse(text);
};
