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
  return addressInRange(services, 2);
}

/** Of the first node. */
export function nodeAddressOf({ pods }: Pick<NodeRanges, 'pods'>): string {
  return addressInRange(pods, 1);
}

/** Throws where `range` is none. */
export function addressInRange(range: string, offset: number): string {
  const cidr = parseCidr(range);
  if (cidr === undefined) throw new Error(`"${range}" is not a range of addresses`);
  return addressAt(cidr, offset);
}

/** Undefined when `text` is not the block of a cluster: a /16. */
export function parseBlock(text: string): Cidr | undefined {
  const block = parseCidr(text);
  return block?.prefix === 16 ? block : undefined;
}

/** The first sixteen /16 of a range are left to people. */
const firstBlock = 16;

/** Of all clusters with a network of their own, of this machine and of level `root`. */
const clusterSpace: Cidr = { base: 0x0a000000, prefix: 8 };

/** The machine's ends of the links to clusters are called so, with eight random digits behind. */
export const linkPrefix = 'slip';

export interface Crossings {
  /** Where other clusters are, or may come to be. */
  readonly closed: readonly Cidr[];
  /** What lies in those and is something else, by the routes of this machine. */
  readonly open: readonly Cidr[];
}

/**
 * What the network of a cluster must not send through the machine, which forwards between its links where somebody has told
 * it to. `routes`: as `ip -json -4 route show table all` of the machine lists them. Longer prefixes win, as in every table.
 */
export function crossingsOf(routes: unknown): Crossings {
  const others = routedRanges(routes, (device) => !isLink(device));
  const closed = [...dividedSpace()].filter((range) => !others.some((other) => covers(other, range)));
  const open = others.filter((other) => closed.some((range) => covers(range, other)));
  return { closed, open: open.filter((range, index) => !open.some((other, at) => hides(other, range, at < index))) };
}

/** All that blocks are chosen of, in the fewest ranges: `10.16.0.0/12`, `10.32.0.0/11`, and so on. */
function* dividedSpace(): Generator<Cidr> {
  for (let second = firstBlock; second < 256; second *= 2) {
    yield { base: clusterSpace.base + second * 0x10000, prefix: 16 - Math.log2(second) };
  }
}

function covers(outer: Cidr, inner: Cidr): boolean {
  return outer.prefix <= inner.prefix && overlaps(outer, inner);
}

/** Of two that are the same the first stays. */
function hides(other: Cidr, range: Cidr, isBefore: boolean): boolean {
  return covers(other, range) && (other.prefix < range.prefix || isBefore);
}

function isLink(device: string): boolean {
  return device.startsWith(linkPrefix) && /^[0-9a-f]{8}$/.test(device.slice(linkPrefix.length));
}

export interface BlockChoice {
  /** `10.0.0.0/8` with namespaces, `127.0.0.0/8` without. */
  readonly within: Cidr;
  readonly taken: readonly Cidr[];
  /** Where to begin looking, so that two clusters that start at once look in different places. */
  readonly seed: number;
}

/**
 * Free blocks in the order of preference. Not the first sixteen: 10.0, 10.1 and 127.0 are what home routers, other
 * clusters' defaults and the resolver use.
 */
export function* freeBlocks(choice: BlockChoice): Generator<Cidr> {
  const count = 256 - firstBlock;
  for (let step = 0; step < count; step += 1) {
    const second = firstBlock + ((choice.seed + step) % count);
    const block = { base: choice.within.base + second * 0x10000, prefix: 16 };
    if (!choice.taken.some((range) => overlaps(range, block))) {
      yield block;
    }
  }
}

/**
 * What `ip -json -4 route show table all` says is in use, by devices of which `isOfInterest` is true. The default route takes
 * everything and so says nothing, and so do the halves of it that a VPN has: `0.0.0.0/1`.
 */
export function routedRanges(routes: unknown, isOfInterest: (device: string) => boolean = () => true): readonly Cidr[] {
  if (!Array.isArray(routes)) {
    return [];
  }
  return routes
    .filter((route: unknown) => isOfInterest(fieldOf(route, 'dev') ?? ''))
    .map((route: unknown) => parseCidr(fieldOf(route, 'dst') ?? ''))
    .filter((destination) => destination !== undefined)
    .filter((range) => range.prefix >= clusterSpace.prefix);
}

function fieldOf(route: unknown, name: 'dst' | 'dev'): string | undefined {
  const fields: { readonly [field in typeof name]?: unknown } = typeof route === 'object' ? (route ?? {}) : {};
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

export function isInRange(cidrText: string, addressText: string): boolean {
  const cidr = parseCidr(cidrText);
  const address = parseAddress(addressText);
  return cidr !== undefined && address !== undefined && contains(cidr, address);
}
