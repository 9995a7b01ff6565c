let second = 0;
let text = '';

/** The time for a header `Date`, written once a second. */
export function httpDate(): string {
  const now = Date.now();
  const current = now - (now % 1_000);
  if (current === second) return text;
  second = current;
  text = new Date(now).toUTCString();
  return text;
}
