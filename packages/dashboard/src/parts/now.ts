import { useSyncExternalStore } from 'react';
import { browserClock } from '../platform/browser.ts';
import { Store } from '../state/store.ts';

const everyMilliseconds = 1_000;
const now = new Store(browserClock.now());
let followers = 0;
let cancel: (() => void) | undefined;

function tick(): void {
  now.set(browserClock.now());
  cancel = browserClock.schedule(everyMilliseconds, tick);
}

/** One timer for all that shows how long ago something was. */
function follow(listener: () => void): () => void {
  const stop = now.subscribe(listener);
  followers += 1;
  if (followers === 1) tick();
  return () => {
    stop();
    followers -= 1;
    if (followers === 0) cancel?.();
  };
}

/** To the second. What is derived is compared, so that who shows minutes is drawn by the minute. */
export function useNow<Derived>(derive: (now: number) => Derived): Derived {
  return useSyncExternalStore(follow, () => derive(now.read()));
}
