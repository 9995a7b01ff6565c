import { messageOf } from '@slipway/kube/message-of';

const meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
};

/** A failed connection in the words that users of Kubernetes know and search for. */
export function describeDialError(error: unknown, address: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const meaning = meanings[code];
  if (meaning !== undefined) return `dial tcp ${address}: ${meaning}`;
  if (code === 'ECONNRESET') return 'EOF';
  return messageOf(error);
}
