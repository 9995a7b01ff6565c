/**
 * Runs `count` equal attempts in batches of 1, 2, 4, 8 and so on, and stops after the first batch with a failure: a
 * template that is always refused costs one request and not five hundred. Throws the first failure.
 */
export async function slowStart(count: number, attempt: () => Promise<void>): Promise<void> {
  let remaining = count;
  for (let batch = 1; remaining > 0; batch = Math.min(2 * batch, remaining)) {
    const results = await Promise.allSettled(Array.from({ length: batch }, attempt));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    remaining -= batch;
  }
}
