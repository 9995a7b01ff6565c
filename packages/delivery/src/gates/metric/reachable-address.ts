/**
 * Where checks may lead. Whoever may create an Application names the addresses, and the controller asks them from where it
 * stands: it must not be led to what only its machine reaches, such as a cloud's metadata with its credentials.
 */
import { BlockList, isIPv6 } from 'node:net';
import { isForbiddenAddress } from '@slipway/kube/platform/forbidden-addresses';

export interface Reach {
  /** Loopback is allowed: for the embedded cluster, whose owner is the machine's. */
  readonly loopback: boolean;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

export function isReachable(address: string, reach: Reach): boolean {
  const isLoopback = loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  return !isForbiddenAddress(address) && (reach.loopback || !isLoopback);
}

export function describeUnreachable(host: string, address: string): string {
  const where = host === address ? address : `${host} (${address})`;
  return `${where} is an address that checks may not lead to: loopback, link-local and metadata addresses are not asked`;
}
