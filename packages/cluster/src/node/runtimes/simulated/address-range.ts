/** Hands out IPv4 addresses of a range, each to one owner at a time, the longest unused first. */
export class AddressRange {
  readonly #first: number;
  readonly #size: number;
  readonly #returned: number[] = [];
  #next = 0;

  /** Such as `10.244.0.0/16`. The first and the last address are not handed out. */
  constructor(cidr: string) {
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
    const [a, b, c, d, bits] = (match ?? []).slice(1).map(Number);
    if (a === undefined || b === undefined || c === undefined || d === undefined || bits === undefined || bits > 30) {
      throw new Error(`"${cidr}" is not a range of addresses; expected something like 10.244.0.0/16`);
    }
    this.#first = ((a * 256 + b) * 256 + c) * 256 + d + 1;
    this.#size = 2 ** (32 - bits) - 2;
  }

  take(): string {
    const offset = this.#next < this.#size ? this.#next++ : this.#returned.shift();
    if (offset === undefined)
      throw new Error(`all ${this.#size} addresses of the pod range are in use; use a larger range`);
    const address = this.#first + offset;
    return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
  }

  give(address: string): void {
    const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
    this.#returned.push(number - this.#first);
  }
}
