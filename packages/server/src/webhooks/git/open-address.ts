/**
 * Where a repository may be. Whoever makes a webhook names it, and the server asks from where it stands: it is not to be led
 * to what only its own network reaches, unless that network is named.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Problem } from '../../http/problem.ts';
import { isInNetworks, parseNetwork, type Network } from '../check-webhook.ts';
import { TryLater } from '../run-deliveries.ts';

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

export type FindAddresses = (host: string) => Promise<readonly string[]>;

export interface OpenAddress {
  /** As git is to be given it. */
  readonly url: string;
  /** `HOST:PORT:ADDRESS`: where it has to connect to, whatever the name leads to by then. Undefined: the host is an address. */
  readonly resolved: string | undefined;
}

/** Rejects with a `Problem` where it leads to a network that is not open, and with `TryLater` where the name leads nowhere. */
export async function openAddress(
  repository: string,
  allowed: readonly string[],
  findAddresses: FindAddresses = findByName,
): Promise<OpenAddress> {
  const url = new URL(repository);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const networks = allowed.flatMap((text) => parseNetwork(text) ?? []);
  const addresses = isIP(host) === 0 ? await findAddresses(host) : [host];
  const [first] = addresses;
  if (first === undefined) throw new TryLater(`the name ${host} leads nowhere`);
  // All of them, so that it does not depend on which one is asked.
  for (const address of addresses) requireOpen({ host, address, networks, isPlain: url.protocol === 'http:' });
  if (isIP(host) !== 0) return { url: url.href, resolved: undefined };
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return { url: url.href, resolved: `${host}:${port}:${isIP(first) === 6 ? `[${first}]` : first}` };
}

interface Place {
  readonly host: string;
  readonly address: string;
  readonly networks: readonly Network[];
  readonly isPlain: boolean;
}

function requireOpen({ host, address, networks, isPlain }: Place): void {
  if (isInNetworks(address, networks)) return;
  const where = host === address ? address : `${host} (${address})`;
  if (isPlain) throw new Problem(422, `${where} is asked without encryption, and in no network of allowAddresses`);
  if (isInNetworks(address, privateNetworks))
    throw new Problem(
      422,
      `${where} is in a private network: name that with allowAddresses of the webhook if it is meant`,
    );
}

async function findByName(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    const { code = 'no answer' } = error as NodeJS.ErrnoException;
    throw new TryLater(`the name ${host} leads nowhere (${code})`, { cause: error });
  }
}
