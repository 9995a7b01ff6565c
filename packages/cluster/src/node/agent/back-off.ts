/**
 * How long the kubelet waits before it tries again: 10 s, doubled after each attempt up to 5 minutes. An entry older
 * than twice the longest wait is forgotten, so a container that ran for 10 minutes begins again at 10 s.
 */
import type { BackOff } from './pod-record.ts';

const initial = 10_000;
const longest = 300_000;

/** The entry after another attempt at `now`; `eventTime` is when the attempt before it ended. */
export function nextBackOff(backOff: BackOff | undefined, eventTime: number, now: number): BackOff {
  const current = activeBackOff(backOff, eventTime);
  return {
    milliseconds: current === undefined ? initial : Math.min(current.milliseconds * 2, longest),
    updatedAt: now,
  };
}

export function activeBackOff(backOff: BackOff | undefined, eventTime: number): BackOff | undefined {
  return backOff === undefined || eventTime - backOff.updatedAt > 2 * longest ? undefined : backOff;
}

/** As Go prints a duration of whole seconds: `10s`, `1m20s`, `5m0s`. */
export function formatGoDuration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours > 0) return `${hours}h${minutes % 60}m${seconds % 60}s`;
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}
