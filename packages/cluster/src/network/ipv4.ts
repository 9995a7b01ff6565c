/** IPv4 arithmetic on 32-bit numbers: 10.0.0.1 is 0x0a000001. */
export interface Cidr {
  readonly base: number;
  readonly prefix: number;
}

const addressPattern = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

export function parseAddress(text: string): number | undefined {
  const parts = addressPattern.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) {
    return undefined;
  }
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** `10.0.0.0/8`, or one address, which is a range of one. Undefined for anything else. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', prefixText = '32'] = text.split('/');
  const base = parseAddress(address);
  const prefix = Number(prefixText);
  if (base === undefined || !/^\d{1,2}$/.test(prefixText) || prefix > 32) {
    return undefined;
  }
  return { base: firstOf(base, prefix), prefix };
}

export function formatCidr(cidr: Cidr): string {
  return `${formatAddress(cidr.base)}/${cidr.prefix}`;
}

export function sizeOf(cidr: Cidr): number {
  return 2 ** (32 - cidr.prefix);
}

export function contains(cidr: Cidr, address: number): boolean {
  return firstOf(address, cidr.prefix) === cidr.base;
}

export function overlaps(one: Cidr, other: Cidr): boolean {
  return one.prefix <= other.prefix ? contains(one, other.base) : contains(other, one.base);
}

/** The address `offset` places into the range, or from its end when negative: -1 is the last. */
export function addressAt(cidr: Cidr, offset: number): string {
  return formatAddress(cidr.base + (offset < 0 ? sizeOf(cidr) + offset : offset));
}

function firstOf(address: number, prefix: number): number {
  const hostSize = 2 ** (32 - prefix);
  return address - (address % hostSize);
}
