/** How a receiver knows that a call is ours, and that it is not an old one: time and body are signed together. */
import { createHmac } from 'node:crypto';

export interface SignedContent {
  /** Seconds since 1970, as in the header `slipway-timestamp`. */
  readonly timestamp: string;
  /** As it is sent, byte by byte. */
  readonly body: string;
}

/** `sha256=` and the HMAC-SHA256 of `TIMESTAMP.BODY` in hex. */
export function signWebhook(key: Uint8Array, { timestamp, body }: SignedContent): string {
  return `sha256=${createHmac('sha256', key).update(`${timestamp}.${body}`).digest('hex')}`;
}
