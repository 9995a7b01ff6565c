import { type RequestHead, valueOf } from '../http1/request-head.ts';
import type { ClientFacts } from './messages.ts';

/** The proxy in front replaces what its clients say here. */
export function forwardedFacts({ fields }: RequestHead): ClientFacts {
  return {
    address: valueOf(fields, 'x-forwarded-for') ?? 'unknown',
    protocol: valueOf(fields, 'x-forwarded-proto') === 'https' ? 'https' : 'http',
  };
}

/** An IPv4 client of a dual-stack socket is shown as such. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
