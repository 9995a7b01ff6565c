/**
 * Where notifications may lead. Who names the address is an admin of the server, and perhaps of nothing else: what only the
 * machine of the server reaches is not his.
 */
import { BlockList, isIPv6 } from 'node:net';
import { isForbiddenAddress } from '@slipway/kube/platform/forbidden-addresses';
import type { JudgeAddress } from '@slipway/kube/platform/guarded-request';

type Network = readonly [network: string, bits: number, family: 'ipv4' | 'ipv6'];

/** IPv4 in other clothes is judged as private, whatever is inside. */
const privately: readonly Network[] = [
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['64:ff9b::', 32, 'ipv6'],
  ['2001::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
];

/** Kept apart: in a list with others it would mean every address of IPv4. */
const disguised: readonly Network[] = [['::ffff:0:0', 96, 'ipv6']];

const [privateList, disguisedList] = [listOf(privately), listOf(disguised)];

function listOf(networks: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const [network, bits, family] of networks) list.addSubnet(network, bits, family);
  return list;
}

export function judgeTarget(allowPrivate: boolean): JudgeAddress {
  return (host, address) => {
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    const where = host === address ? address : `${host} (${address})`;
    if (isForbiddenAddress(address)) return `${where} is an address that notifications never lead to`;
    const isPrivate = privateList.check(address, family) || (family === 'ipv6' && disguisedList.check(address, family));
    if (!allowPrivate && isPrivate)
      return `${where} is a private address: the server sends there only with --allow-private-targets`;
    return undefined;
  };
}
