/** Kubernetes' functions on IP addresses and ranges of them. */
import type { Environment } from '@marcbachmann/cel-js';
import { isIP, SocketAddress } from 'node:net';
import { CelEvaluationError } from './types.ts';

class Ip {
  readonly family: 4 | 6;
  readonly value: bigint;

  constructor(family: 4 | 6, value: bigint) {
    this.family = family;
    this.value = value;
  }

  toString(): string {
    return formatIp(this);
  }
}

class Cidr {
  readonly ip: Ip;
  readonly prefix: number;

  constructor(ip: Ip, prefix: number) {
    this.ip = ip;
    this.prefix = prefix;
  }

  toString(): string {
    return `${this.ip.toString()}/${this.prefix}`;
  }
}

const ranges = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linkLocalUnicast: ['169.254.0.0/16', 'fe80::/10'],
  linkLocalMulticast: ['224.0.0.0/24', 'ff02::/16'],
  multicast: ['224.0.0.0/4', 'ff00::/8'],
};

export function addAddresses(environment: Environment): void {
  const isIn = (ip: Ip, range: keyof typeof ranges): boolean => ranges[range].some((text) => contains(cidr(text), ip));
  const isUnspecified = ({ family, value }: Ip): boolean => value === 0n || (family === 4 && value === 0xff_ff_ff_ffn);
  environment
    .registerType('Ip', Ip)
    .registerOperator('Ip == Ip', (a: Ip, b: Ip) => a.family === b.family && a.value === b.value)
    .registerFunction('ip(string): Ip', (text: string) => ip(text))
    .registerFunction('isIP(string): bool', (text: string) => parseIp(text) !== undefined)
    .registerFunction('string(Ip): string', (ip: Ip) => ip.toString())
    .registerFunction('Ip.family(): int', ({ family }: Ip) => BigInt(family))
    .registerFunction('Ip.isUnspecified(): bool', ({ value }: Ip) => value === 0n)
    .registerFunction('Ip.isLoopback(): bool', (ip: Ip) => isIn(ip, 'loopback'))
    .registerFunction('Ip.isLinkLocalUnicast(): bool', (ip: Ip) => isIn(ip, 'linkLocalUnicast'))
    .registerFunction('Ip.isLinkLocalMulticast(): bool', (ip: Ip) => isIn(ip, 'linkLocalMulticast'))
    .registerFunction(
      'Ip.isGlobalUnicast(): bool',
      (ip: Ip) =>
        !isUnspecified(ip) && !isIn(ip, 'loopback') && !isIn(ip, 'multicast') && !isIn(ip, 'linkLocalUnicast'),
    );
  addRanges(environment);
}

function addRanges(environment: Environment): void {
  environment
    .registerType('Cidr', Cidr)
    .registerOperator('Cidr == Cidr', (a: Cidr, b: Cidr) => a.toString() === b.toString())
    .registerFunction('cidr(string): Cidr', (text: string) => cidr(text))
    .registerFunction('isCIDR(string): bool', (text: string) => parseCidr(text) !== undefined)
    .registerFunction('string(Cidr): string', (range: Cidr) => range.toString())
    .registerFunction('Cidr.containsIP(string): bool', (range: Cidr, text: string) => contains(range, ip(text)))
    .registerFunction('Cidr.containsIP(Ip): bool', contains)
    .registerFunction('Cidr.containsCIDR(string): bool', (range: Cidr, text: string) => containsAll(range, cidr(text)))
    .registerFunction('Cidr.containsCIDR(Cidr): bool', containsAll)
    .registerFunction('Cidr.ip(): Ip', ({ ip }: Cidr) => ip)
    .registerFunction('Cidr.masked(): Cidr', masked)
    .registerFunction('Cidr.prefixLength(): int', ({ prefix }: Cidr) => BigInt(prefix));
}

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === undefined)
    throw new CelEvaluationError(`IP Address "${text}" parse error during conversion from string`);
  return parsed;
}

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === undefined)
    throw new CelEvaluationError(`network address parse error during conversion from string: "${text}"`);
  return parsed;
}

/** Neither zones nor IPv4 written as IPv6: Kubernetes takes neither here. */
function parseIp(text: string): Ip | undefined {
  const family = isIP(text);
  if (family === 4) return new Ip(4, valueOf(text.split('.').map(Number), 8n));
  if (family !== 6 || text.includes('%') || text.includes('.')) return undefined;
  const [head = '', tail] = text.split('::');
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  const missing = tail === undefined ? 0 : 8 - before.length - after.length;
  return new Ip(6, valueOf([...before, ...Array.from({ length: missing }, () => 0), ...after], 16n));
}

function groupsOf(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

function valueOf(groups: readonly number[], bits: bigint): bigint {
  return groups.reduce((value, group) => (value << bits) | BigInt(group), 0n);
}

function formatIp({ family, value }: Ip): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - index * 16)) & 0xff_ffn).toString(16));
  // The engine's own form is the canonical one.
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

function parseCidr(text: string): Cidr | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const parsed = parseIp(address);
  if (parsed === undefined || length === undefined || rest.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(length))
    return undefined;
  const prefix = Number(length);
  return prefix <= widthOf(parsed) ? new Cidr(parsed, prefix) : undefined;
}

function widthOf({ family }: Ip): number {
  return family === 4 ? 32 : 128;
}

function masked({ ip, prefix }: Cidr): Cidr {
  const host = BigInt(widthOf(ip) - prefix);
  return new Cidr(new Ip(ip.family, (ip.value >> host) << host), prefix);
}

function contains(range: Cidr, ip: Ip): boolean {
  return range.ip.family === ip.family && masked(range).ip.value === masked(new Cidr(ip, range.prefix)).ip.value;
}

function containsAll(range: Cidr, other: Cidr): boolean {
  return other.prefix >= range.prefix && contains(range, other.ip);
}
