import { histogramSamples, type Sample } from '@slipway/kube/exposition';

/** Counts of values by upper bound. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  note(value: number): void {
    const index = this.#bounds.findIndex((bound) => value <= bound);
    const bucket = index < 0 ? this.#bounds.length : index;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  samples(): readonly Sample[] {
    return histogramSamples({ bounds: this.#bounds, counts: this.#counts, sum: this.#sum });
  }
}
