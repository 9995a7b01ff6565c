import { addressAt, parseCidr, sizeOf, type Cidr } from './ipv4.ts';

/**
 * Hands out the addresses of a range in turn, so that one that was given back stays unused as long as possible:
 * keep-alive clients and caches of neighbours would otherwise meet a stranger there.
 */
export class AddressPool {
  private readonly range: Cidr;
  private readonly first: number;
  private readonly last: number;
  private readonly used = new Set<string>();
  private next: number;

  /** Leaves out the network's own address, `reserved` more after it, and the broadcast address. */
  constructor(rangeText: string, reserved: number) {
    const range = parseCidr(rangeText);
    if (range === undefined) {
      throw new Error(`"${rangeText}" is not a range of addresses: expected a CIDR such as 10.77.0.0/17`);
    }
    this.range = range;
    this.first = 1 + reserved;
    this.last = sizeOf(range) - 2;
    this.next = this.first;
  }

  allocate(): string {
    for (let tried = this.first; tried <= this.last; tried += 1) {
      const address = addressAt(this.range, this.next);
      this.next = this.next === this.last ? this.first : this.next + 1;
      if (!this.used.has(address)) {
        this.used.add(address);
        return address;
      }
    }
    throw new Error(`all ${this.used.size} pod addresses of this node are in use: delete pods that are not needed`);
  }

  release(address: string): void {
    this.used.delete(address);
  }
}
