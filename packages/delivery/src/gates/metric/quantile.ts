/** Quantiles of what was counted in buckets. */

/**
 * As Prometheus' `histogram_quantile` finds them: the rank is `quantile * total`, and within the bucket that holds it requests
 * are taken to lie evenly. With bounds 0.1 and 0.5 and counts of 90, 10 and 0, the 0.95 quantile is rank 95 of 100, half way
 * through the second bucket: 0.1 + 0.4 * 5 / 10 = 0.3. Beyond the last bound nothing is known but that: it is infinite, so
 * that no limit holds. Undefined without any request.
 */
export function calculateQuantile(
  counts: readonly number[],
  bounds: readonly number[],
  quantile: number,
): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const rank = quantile * total;
  let before = 0;
  for (const [index, count] of counts.entries()) {
    if (count > 0 && before + count >= rank) {
      const lower = bounds[index - 1] ?? 0;
      const upper = bounds[index] ?? Infinity;
      return upper === Infinity ? Infinity : lower + ((upper - lower) * (rank - before)) / count;
    }
    before += count;
  }
  return Infinity;
}
