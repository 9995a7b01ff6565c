/** Users of a sticky rule have one place each, and the weights divide the places. */
export const placeCount = 10_000;

/** About the golden ratio of `placeCount`, and without a factor in common with it. */
const stride = 6_181;

/**
 * Places for new users. Any `placeCount` of them in a row are all different, and fewer are spread evenly: the shares of new
 * users are those of the weights from the first hundred on, which places drawn by lot are not.
 */
export class PlaceSequence {
  #last: number;

  /** `random` is from 0 to 1: several gateways begin at different places. */
  constructor(random: number) {
    this.#last = Math.floor(random * placeCount);
  }

  next(): number {
    this.#last = (this.#last + stride) % placeCount;
    return this.#last;
  }
}

/** Undefined: no place that we gave. */
export function parsePlace(text: string): number | undefined {
  return /^(?:0|[1-9]\d{0,3})$/.test(text) ? Number(text) : undefined;
}

/**
 * Whose place it is: the index of a weight, -1 if all are 0. First weights have the first places, so that as the last one
 * grows, places change hands towards it alone.
 *
 *     90, 10 -> 0 to 8999 and 9000 to 9999
 *     50, 50 -> 0 to 4999 and 5000 to 9999: nobody has left the second
 */
export function ownerOfPlace(weights: readonly number[], place: number): number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let end = 0;
  for (const [index, weight] of weights.entries()) {
    end += weight;
    if (weight > 0 && place * sum < end * placeCount) return index;
  }
  return -1;
}
