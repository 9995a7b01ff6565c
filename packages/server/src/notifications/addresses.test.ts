import { expect, it } from 'vitest';
import { judgeTarget } from './addresses.ts';

const isAllowed = (address: string, allowPrivate: boolean) => judgeTarget(allowPrivate)(address, address) === undefined;

it.each([
  ['a public address', '93.184.216.34', true, true],
  ['a public address of IPv6', '2606:2800:220:1::1', true, true],
  ['loopback', '127.8.0.1', false, true],
  ['loopback of IPv6', '::1', false, true],
  ['a private network', '10.1.2.3', false, true],
  ['a private network of 172', '172.31.255.255', false, true],
  ['a shared network', '100.64.0.1', false, true],
  ['a unique local address', 'fd12::1', false, true],
  ['IPv4 inside of IPv6', '::ffff:127.0.0.1', false, true],
  ['the metadata of a cloud by way of NAT64', '64:ff9b::a9fe:a9fe', false, false],
  ['IPv4 by way of 6to4', '2002:7f00:1::1', false, true],
  ['the metadata of a cloud', '169.254.169.254', false, false],
  ['the metadata of a cloud by IPv6', 'fd00:ec2::254', false, false],
  ['no machine at all', '0.0.0.0', false, false],
  ['many machines', '239.1.1.1', false, false],
])('%s', (_, address, isPublic, isReachable) => {
  expect([isAllowed(address, false), isAllowed(address, true)]).toEqual([isPublic, isReachable]);
});
