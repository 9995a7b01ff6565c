import { useEffect, useState } from 'react';
import { browserClock } from '../platform/browser.ts';

/** Grows when the number has been larger for so long, and shrinks at once: what is larger for a moment alone moves nothing. */
export function useSettled(value: number, milliseconds: number): number {
  const [settled, setSettled] = useState(value);
  if (value < settled) setSettled(value);
  useEffect(
    () => (value <= settled ? undefined : browserClock.schedule(milliseconds, () => setSettled(value))),
    [value, settled, milliseconds],
  );
  return Math.min(value, settled);
}
