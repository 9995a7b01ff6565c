const firstMilliseconds = 250;
const longestMilliseconds = 10_000;

/**
 * How long to wait before the attempt after `failures` of them: 250 ms doubled each time, up to 10 s, and of that a random
 * part from a half on, so that a server that comes back is not met by everybody at once.
 */
export function calculateBackoff(failures: number, random: number): number {
  const longest = Math.min(firstMilliseconds * 2 ** Math.min(failures, 20), longestMilliseconds);
  return longest / 2 + (longest / 2) * random;
}
