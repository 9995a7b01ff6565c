import type { StoreEvent } from './store.ts';

export interface RingBounds {
  readonly maxEvents: number;
  /** UTF-16 code units of the values of all events together. */
  readonly maxSize: number;
}

export const defaultRingBounds: RingBounds = { maxEvents: 10_000, maxSize: 16 * 1024 * 1024 };

/**
 * The newest events, oldest dropped first. Revisions are consecutive, one an event, so an event is found by arithmetic.
 * Dropped events leave a gap at the front of the array that is cut off when it is as long as the rest.
 */
export class EventRing {
  readonly #bounds: RingBounds;
  #events: (StoreEvent | undefined)[] = [];
  #start = 0;
  #size = 0;
  #compacted: number;

  /** Everything up to `compacted` happened before the ring began. */
  constructor(compacted: number, bounds: RingBounds) {
    this.#compacted = compacted;
    this.#bounds = bounds;
  }

  /** Changes up to this revision are no longer known. */
  get compacted(): number {
    return this.#compacted;
  }

  push(event: StoreEvent): void {
    this.#events.push(event);
    this.#size += sizeOf(event);
    while (this.#length() > this.#bounds.maxEvents || (this.#size > this.#bounds.maxSize && this.#length() > 1)) {
      this.#dropOldest();
    }
  }

  /** The events after `revision`, in order. */
  after(revision: number): StoreEvent[] {
    const from = this.#start + Math.max(0, revision - this.#compacted);
    return this.#events.slice(from).filter((event) => event !== undefined);
  }

  #length(): number {
    return this.#events.length - this.#start;
  }

  #dropOldest(): void {
    const oldest = this.#events[this.#start];
    if (oldest === undefined) return;
    this.#events[this.#start] = undefined;
    this.#start += 1;
    this.#size -= sizeOf(oldest);
    this.#compacted = oldest.revision;
    if (this.#start * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#start);
      this.#start = 0;
    }
  }
}

/** The previous value counts too: after the next change only the ring still holds it. */
function sizeOf(event: StoreEvent): number {
  return event.value.length + (event.previous?.value.length ?? 0);
}
