import { BlockList, isIPv6 } from 'node:net';

/**
 * Where nothing leads that somebody else has named an address for: link-local, with the metadata services of clouds and their
 * credentials, those of them that are elsewhere, and addresses that name no one machine.
 */
const forbidden: ReadonlyArray<readonly [network: string, bits: number, family: 'ipv4' | 'ipv6']> = [
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

const list = new BlockList();
for (const [network, bits, family] of forbidden) list.addSubnet(network, bits, family);

/** For an address of IPv4 or IPv6, that of IPv4 written as one of IPv6 too. */
export function isForbiddenAddress(address: string): boolean {
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
