import { addressAt, contains, formatCidr, overlaps, parseAddress, parseCidr, type Cidr } from './ipv4.ts';

/** The addresses of one cluster, all cut from one /16 so that one route of the host leads to all of them. */
export interface NodeRanges {
  readonly block: string;
  /** Its first address is the node's. */
  readonly pods: string;
  readonly services: string;
  /** Between the machine (first address) and the cluster's namespace (second); unused without namespaces. */
  readonly link: string;
}

/** Pods get the lower half, services a quarter, the link the end of the block. `10.77.0.0/16` gives pods `10.77.0.0/17`. */
export function rangesOfBlock(block: Cidr): NodeRanges {
  return {
    block: formatCidr(block),
    pods: formatCidr({ base: block.base, prefix: 17 }),
    services: formatCidr({ base: block.base + 0x8000, prefix: 18 }),
    link: formatCidr({ base: block.base + 0xfffc, prefix: 30 }),
  };
}

/** Where pods ask for names: the second address for services, which no Service is given. The first is the API server's. */
export function dnsAddressOf({ services }: Pick<NodeRanges, 'services'>): string {
  const range = parseCidr(services);
  if (range === undefined) throw new Error(`"${services}" is not a range of addresses`);
  return addressAt(range, 2);
}

/** Undefined when `text` is not the block of a cluster: a /16. */
export function parseBlock(text: string): Cidr | undefined {
  const block = parseCidr(text);
  return block?.prefix === 16 ? block : undefined;
}

export interface BlockChoice {
  /** `10.0.0.0/8` with namespaces, `127.0.0.0/8` without. */
  readonly within: Cidr;
  readonly taken: readonly Cidr[];
  /** Where to begin looking, so that two clusters that start at once look in different places. */
  readonly seed: number;
}

/**
 * Free blocks in the order of preference. The first sixteen of the range are left to people: 10.0, 10.1 and 127.0 are
 * what home routers, other clusters' defaults and the resolver use.
 */
export function* freeBlocks(choice: BlockChoice): Generator<Cidr> {
  const first = 16;
  const count = 256 - first;
  for (let step = 0; step < count; step += 1) {
    const second = first + ((choice.seed + step) % count);
    const block = { base: choice.within.base + second * 0x10000, prefix: 16 };
    if (!choice.taken.some((range) => overlaps(range, block))) {
      yield block;
    }
  }
}

/** What `ip -json -4 route show table all` says is in use. The default route takes everything and so says nothing. */
export function routedRanges(routes: unknown): readonly Cidr[] {
  if (!Array.isArray(routes)) {
    return [];
  }
  return routes
    .map((route: unknown) => destinationOf(route))
    .filter((destination) => destination !== undefined)
    .filter((range) => range.prefix > 0);
}

function destinationOf(route: unknown): Cidr | undefined {
  if (typeof route !== 'object' || route === null || !('dst' in route) || typeof route.dst !== 'string') {
    return undefined;
  }
  return parseCidr(route.dst);
}

export function isInRange(cidrText: string, addressText: string): boolean {
  const cidr = parseCidr(cidrText);
  const address = parseAddress(addressText);
  return cidr !== undefined && address !== undefined && contains(cidr, address);
}
