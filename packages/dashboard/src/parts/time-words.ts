const units = [
  { one: 'year', many: 'years', seconds: 31_557_600 },
  { one: 'month', many: 'months', seconds: 2_629_800 },
  { one: 'day', many: 'days', seconds: 86_400 },
  { one: 'h', many: 'h', seconds: 3_600 },
  { one: 'min', many: 'min', seconds: 60 },
  { one: 's', many: 's', seconds: 1 },
] as const;

/** `3 min ago`, `in 2 days`; within the last minute by the second, and `now` where clocks differ by a little. */
export function describeAge(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1_000);
  const size = Math.abs(seconds);
  const unit = units.find((each) => size >= each.seconds);
  if (size < 3 || unit === undefined) return 'now';
  const count = Math.trunc(size / unit.seconds);
  const words = `${count} ${count === 1 ? unit.one : unit.many}`;
  return seconds < 0 ? `${words} ago` : `in ${words}`;
}

/** `1 h 5 min`, `2 min 3 s`, `4.2 s`, `180 ms`: the two largest units. */
export function describeDuration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  const seconds = milliseconds / 1_000;
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return pair(minutes, 'min', whole % 60, 's');
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? pair(hours, 'h', minutes % 60, 'min') : pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

// oxlint-disable-next-line max-params
function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** In the time zone of who looks, to the second. */
export function describeInstant(at: number): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' }).format(at);
}

/** For lines of a log: `14:03:22`. */
export function describeClock(at: number): string {
  return new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' }).format(at);
}
