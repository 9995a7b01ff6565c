/**
 * Smooth weighted round-robin: every pick adds each item's weight to its credit, takes the item with most credit and
 * charges it the sum of the weights. Over any window the share of an item is exact to about one pick, and picks of one
 * item are spread out. With weights 3 and 1: a a b a, a a b a, ...
 */
export class WeightedPicker<T> {
  readonly #entries: { readonly item: T; readonly weight: number; credit: number }[];
  readonly #sum: number;

  constructor(items: readonly T[], weightOf: (item: T) => number) {
    this.#entries = items.map((item) => ({ item, weight: weightOf(item), credit: 0 }));
    this.#sum = this.#entries.reduce((sum, entry) => sum + entry.weight, 0);
  }

  pick(): T | undefined {
    let best = this.#entries[0];
    if (this.#entries.length < 2) return best?.item;
    for (const entry of this.#entries) {
      entry.credit += entry.weight;
      if (best !== undefined && entry.credit > best.credit) best = entry;
    }
    if (best !== undefined) best.credit -= this.#sum;
    return best?.item;
  }
}
