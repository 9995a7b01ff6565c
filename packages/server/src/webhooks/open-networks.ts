/** Networks, and which of them the server is led to by nobody unless they are named. Pure. */
import { BlockList, isIP } from 'node:net';
import type { JudgeAddress } from '@slipway/kube/platform/guarded-request';

export interface Network {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** Undefined for what is no network. */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', bits = ''] = text.split('/');
  const version = isIP(address);
  const maximum = version === 4 ? 32 : 128;
  if (version === 0 || address.includes('%') || !/^\d{1,3}$/.test(bits) || Number(bits) > maximum) return undefined;
  return { address, bits: Number(bits), family: version === 4 ? 'ipv4' : 'ipv6' };
}

export function isInNetworks(address: string, networks: readonly Network[]): boolean {
  const list = new BlockList();
  for (const network of networks) list.addSubnet(network.address, network.bits, network.family);
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry */
const privateNetworks = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // With the metadata services of clouds.
  '169.254.0.0/16',
  '168.63.129.16/32',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
  '::/128',
  '::1/128',
  // The same IPv4 addresses by other ways.
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2001::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
].flatMap((text) => parseNetwork(text) ?? []);

/** Why an address is not asked; `allowed`: networks that are meant although they are private. */
export function judgeOpen(allowed: readonly string[]): JudgeAddress {
  const networks = allowed.flatMap((text) => parseNetwork(text) ?? []);
  return (host, address) => {
    if (isInNetworks(address, networks) || !isInNetworks(address, privateNetworks)) return undefined;
    const where = host === address ? address : `${host} (${address})`;
    return `${where} is in a private network: name that with allowAddresses of the webhook if it is meant`;
  };
}
