/**
 * Where checks may lead. Whoever may create an Application names the addresses, and the controller asks them from where it
 * stands: it must not be led to what only its machine reaches, such as a cloud's metadata with its credentials.
 */
import { BlockList, isIPv6 } from 'node:net';

export interface Reach {
  /** Loopback is allowed: for the embedded cluster, whose owner is the machine's. */
  readonly loopback: boolean;
}

/** Link-local, with the metadata services of clouds that are elsewhere, and addresses that name no one machine. */
const never: ReadonlyArray<readonly [network: string, bits: number, family: 'ipv4' | 'ipv6']> = [
  ['0.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['100.100.100.200', 32, 'ipv4'],
  ['168.63.129.16', 32, 'ipv4'],
  ['192.0.0.192', 32, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['fd00:ec2::', 32, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
  // The same IPv4 addresses by way of NAT64.
  ['64:ff9b::', 96, 'ipv6'],
];

const blocked = new BlockList();
for (const [network, bits, family] of never) blocked.addSubnet(network, bits, family);

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

export function isReachable(address: string, reach: Reach): boolean {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  return !blocked.check(address, family) && (reach.loopback || !loopback.check(address, family));
}

export function describeUnreachable(host: string, address: string): string {
  const where = host === address ? address : `${host} (${address})`;
  return `${where} is an address that checks may not lead to: loopback, link-local and metadata addresses are not asked`;
}
