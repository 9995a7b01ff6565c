/** What pages take from the browser beside the document: time, randomness and what is kept from one visit to the next. */

export interface Clock {
  now(): number;
  /** Gives what takes it back. */
  schedule(milliseconds: number, callback: () => void): () => void;
}

export const browserClock: Clock = {
  now: () => Date.now(),
  schedule(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** From 0 to 1. */
export function drawRandom(): number {
  return Math.random();
}

/** 128 bits, as hex digits. `crypto.randomUUID` is there on secure pages alone. */
export function drawKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Undefined where nothing is kept, or the browser keeps nothing. */
export function readKept(name: string): string | undefined {
  try {
    return localStorage.getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // A browser that keeps nothing: the choice holds until the page is left.
  }
}
