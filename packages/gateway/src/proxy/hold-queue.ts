import type { DataPlaneCounter } from '../data-plane.ts';

/** Somebody whose request waits for a backend. */
export interface Waiter {
  /** A table has come that may serve it. */
  routeAgain(): void;
}

export interface Room {
  readonly requests: number;
  /** Of heads, and of what has come of bodies. */
  readonly bytes: number;
}

export interface HoldLimits {
  readonly all: Room;
  /** Of these one route may take so much: whoever waits for another one finds room all the same. */
  readonly route: Room;
}

const mebibyte = 1024 * 1024;
const defaultLimits: HoldLimits = {
  all: { requests: 5_000, bytes: 128 * mebibyte },
  route: { requests: 1_000, bytes: 32 * mebibyte },
};

/** What is taken of a room. */
class Taken {
  requests = 0;
  bytes = 0;

  isRoomFor(bytes: number, room: Room): boolean {
    return this.requests < room.requests && this.bytes + bytes <= room.bytes;
  }

  add(requests: number, bytes: number): void {
    this.requests += requests;
    this.bytes += bytes;
  }
}

interface Place {
  readonly route: string;
  bytes: number;
}

/** Requests that wait for a backend, in the order in which they came. */
export class HoldQueue {
  readonly #limits: HoldLimits;
  readonly #waiting = new Map<Waiter, Place>();
  readonly #taken = new Taken();
  readonly #takenOf = new Map<string, Taken>();
  #held = 0;
  #refused = 0;

  constructor(limits: HoldLimits = defaultLimits) {
    this.#limits = limits;
  }

  /** For a pod of that route. False: there is no room. */
  admit(waiter: Waiter, route: string, bytes: number): boolean {
    const taken = this.#takenOf.get(route) ?? new Taken();
    if (!this.#taken.isRoomFor(bytes, this.#limits.all) || !taken.isRoomFor(bytes, this.#limits.route)) {
      this.#refused += 1;
      return false;
    }
    this.#held += 1;
    this.#waiting.set(waiter, { route, bytes });
    this.#takenOf.set(route, taken);
    for (const each of [this.#taken, taken]) each.add(1, bytes);
    return true;
  }

  /** It holds so many bytes now, which cannot be undone; false: it should take no more. */
  grow(waiter: Waiter, bytes: number): boolean {
    const place = this.#waiting.get(waiter);
    const taken = this.#takenOf.get(place?.route ?? '');
    if (place === undefined || taken === undefined) return false;
    for (const each of [this.#taken, taken]) each.add(0, bytes - place.bytes);
    place.bytes = bytes;
    return this.#taken.bytes < this.#limits.all.bytes && taken.bytes < this.#limits.route.bytes;
  }

  leave(waiter: Waiter): void {
    const place = this.#waiting.get(waiter);
    const taken = this.#takenOf.get(place?.route ?? '');
    if (place === undefined || taken === undefined) return;
    this.#waiting.delete(waiter);
    for (const each of [this.#taken, taken]) each.add(-1, -place.bytes);
    if (taken.requests === 0) this.#takenOf.delete(place.route);
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
