/** Latencies in buckets that grow by a tenth: percentiles within 10 % from a tenth of a millisecond to minutes, in no memory. */
export class Latencies {
  readonly #counts = new Map<number, number>();
  #total = 0;

  record(milliseconds: number): void {
    const bucket = Math.ceil(Math.log(Math.max(milliseconds, 0.1) / 0.1) / Math.log(1.1));
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#total += 1;
  }

  /** Upper edge of the bucket in which the given share of all latencies ends; 0 when there are none. `share` from 0 to 1. */
  percentile(share: number): number {
    let seen = 0;
    for (const [bucket, count] of [...this.#counts].toSorted(([a], [b]) => a - b)) {
      seen += count;
      if (seen >= share * this.#total) return 0.1 * 1.1 ** bucket;
    }
    return 0;
  }
}
