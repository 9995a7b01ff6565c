import { createAttachment } from './attachment.ts';

interface Followed {
  readonly listeners: Set<() => void>;
  readonly tell: () => void;
}

const followedOf = createAttachment<Followed>();

/**
 * Calls back when the signal aborts, which it has not yet; the returned function takes that back. A signal looks at all of its
 * own listeners whenever one is added or removed. Of some that live as long as the process thousands wait, on a cluster of a
 * thousand nodes two for each, so that here they are one listener.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const followed = followedOf.of(signal) ?? { listeners: new Set(), tell: () => tellAll(signal) };
  const { listeners, tell } = followed;
  followedOf.attach(signal, followed);
  if (listeners.size === 0) signal.addEventListener('abort', tell, { once: true });
  listeners.add(listener);
  return () => {
    // A signal that is joined from others lives for as long as it has a listener, whoever else has forgotten it.
    if (listeners.delete(listener) && listeners.size === 0) signal.removeEventListener('abort', tell);
  };
}

function tellAll(signal: AbortSignal): void {
  const listeners = followedOf.of(signal)?.listeners ?? new Set();
  for (const listener of listeners) listener();
  listeners.clear();
}
