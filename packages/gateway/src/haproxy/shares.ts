/** HAProxy counts the requests of a split and looks up whose turn it is: `turn = count * stride mod total`. */
export interface Shares {
  /** Turns of each, in the order of the weights. */
  readonly turns: readonly number[];
  readonly total: number;
  /** Has no factor in common with `total`, so that every turn comes up once in `total` requests, and spreads them out. */
  readonly stride: number;
}

/** So many entries a split may take in a map. */
const maxTotal = 1_000;
const goldenRatio = 0.618;

/**
 * Whole turns in the proportion of the weights, as few as that takes. Weights that would take more than `maxTotal` turns
 * are rounded to that, and keep one turn at least.
 *
 *     95, 5    -> 19 and 1 of 20 turns, stride 11
 *     70, 25, 5 -> 14, 5 and 1 of 20 turns
 */
export function calculateShares(weights: readonly number[]): Shares {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const isExact = weights.every((weight) => Number.isInteger(weight)) && sum <= maxTotal;
  const whole = isExact
    ? weights
    : weights.map((weight) => Math.max(1, Math.round((weight / sum) * (maxTotal - weights.length))));
  const divisor = whole.reduce(greatestCommonDivisor, 0);
  const turns = whole.map((weight) => weight / divisor);
  const total = turns.reduce((before, turn) => before + turn, 0);
  return { turns, total, stride: strideOf(total) };
}

function strideOf(total: number): number {
  let stride = Math.max(1, Math.floor(total * goldenRatio));
  while (greatestCommonDivisor(stride, total) !== 1) stride -= 1;
  return stride;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
