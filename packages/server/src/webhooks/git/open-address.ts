/**
 * Where a repository may be. Whoever makes a webhook names it, and the server asks from where it stands: it is not to be led
 * to what only its own network reaches, unless that network is named.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Problem } from '../../http/problem.ts';
import { isInNetworks, judgeOpen, parseNetwork } from '../open-networks.ts';
import { TryLater } from '../run-deliveries.ts';

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
  const addresses = isIP(host) === 0 ? await findAddresses(host) : [host];
  const [first] = addresses;
  if (first === undefined) throw new TryLater(`the name ${host} leads nowhere`);
  // All of them, so that it does not depend on which one is asked.
  for (const address of addresses) requireOpen({ host, address, allowed, isPlain: url.protocol === 'http:' });
  if (isIP(host) !== 0) return { url: url.href, resolved: undefined };
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return { url: url.href, resolved: `${host}:${port}:${isIP(first) === 6 ? `[${first}]` : first}` };
}

interface Place {
  readonly host: string;
  readonly address: string;
  readonly allowed: readonly string[];
  readonly isPlain: boolean;
}

function requireOpen({ host, address, allowed, isPlain }: Place): void {
  const where = host === address ? address : `${host} (${address})`;
  const networks = allowed.flatMap((text) => parseNetwork(text) ?? []);
  if (isPlain && !isInNetworks(address, networks))
    throw new Problem(422, `${where} is asked without encryption, and in no network of allowAddresses`);
  const refusal = judgeOpen(allowed)(host, address);
  if (refusal !== undefined) throw new Problem(422, refusal);
}

async function findByName(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    const { code = 'no answer' } = error as NodeJS.ErrnoException;
    throw new TryLater(`the name ${host} leads nowhere (${code})`, { cause: error });
  }
}
