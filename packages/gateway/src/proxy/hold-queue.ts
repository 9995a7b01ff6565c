import type { DataPlaneCounter } from '../data-plane.ts';

/** Somebody whose request waits for a backend. */
export interface Waiter {
  /** A table has come that may serve it. */
  routeAgain(): void;
}

export interface HoldLimits {
  readonly requests: number;
  /** Of heads, and of what has come of bodies. */
  readonly bytes: number;
}

const defaultLimits: HoldLimits = { requests: 1_000, bytes: 32 * 1024 * 1024 };

/** Requests that wait for a backend, in the order in which they came. */
export class HoldQueue {
  readonly #limits: HoldLimits;
  readonly #waiting = new Map<Waiter, number>();
  #bytes = 0;
  #held = 0;
  #refused = 0;

  constructor(limits: HoldLimits = defaultLimits) {
    this.#limits = limits;
  }

  /** False: there is no room. */
  admit(waiter: Waiter, bytes: number): boolean {
    if (this.#waiting.size >= this.#limits.requests || this.#bytes + bytes > this.#limits.bytes) {
      this.#refused += 1;
      return false;
    }
    this.#held += 1;
    this.#waiting.set(waiter, bytes);
    this.#bytes += bytes;
    return true;
  }

  /** It holds so many bytes now, which cannot be undone; false: it should take no more. */
  grow(waiter: Waiter, bytes: number): boolean {
    const before = this.#waiting.get(waiter);
    if (before === undefined) return false;
    this.#waiting.set(waiter, bytes);
    this.#bytes += bytes - before;
    return this.#bytes < this.#limits.bytes;
  }

  leave(waiter: Waiter): void {
    this.#bytes -= this.#waiting.get(waiter) ?? 0;
    this.#waiting.delete(waiter);
  }

  counters(): readonly DataPlaneCounter[] {
    return [
      { name: 'slipway_gateway_held_requests_total', help: 'Requests that waited for a backend', value: this.#held },
      {
        name: 'slipway_gateway_hold_refused_requests_total',
        help: 'Requests for which there was no room to wait for a backend',
        value: this.#refused,
      },
    ];
  }

  /** Those that still find no backend keep their places. */
  resume(): void {
    for (const waiter of [...this.#waiting.keys()]) waiter.routeAgain();
  }
}
