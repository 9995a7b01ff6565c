import type { BackendLoad } from '../data-plane.ts';
import type { TrafficCounters, TrafficRegistry } from '../proxy/traffic.ts';
import type { RouteBackend } from '../routing/routing-table.ts';

/** Whose requests a slot takes, or took last. */
interface Occupant {
  readonly backend: RouteBackend;
  readonly counters: TrafficCounters;
}

/** What is open to each slot, told by version; a slot is forgotten when nothing is open to it and no table names it. */
export class SlotLoads {
  readonly #traffic: TrafficRegistry;
  readonly #occupants = new Map<string, Occupant>();
  readonly #watched = new Set<string>();
  readonly #uncounted = new Set<string>();
  #open: ReadonlyMap<string, number> = new Map();

  constructor(traffic: TrafficRegistry) {
    this.#traffic = traffic;
  }

  /** Slots that have something open. */
  get busy(): ReadonlySet<string> {
    return new Set(this.#open.keys());
  }

  /** Slots that get nothing new, and were not seen empty since. */
  get draining(): readonly string[] {
    return [...this.#watched];
  }

  /** Slots that get nothing new and were not looked at since. */
  get uncounted(): readonly string[] {
    return [...this.#uncounted];
  }

  get all(): readonly string[] {
    return [...this.#occupants.keys()];
  }

  countersOf(slot: string): TrafficCounters | undefined {
    return this.#occupants.get(slot)?.counters;
  }

  /** `named` are those of the table in force, `kept` those that still have servers. */
  install(named: ReadonlyMap<string, RouteBackend>, kept: ReadonlySet<string>): void {
    for (const [slot, { backend }] of this.#occupants) {
      if (named.has(slot)) continue;
      if (kept.has(slot) || this.#open.has(slot)) this.#occupy(slot, { ...backend, weight: 0 });
      else this.#forget(slot);
    }
    for (const [slot, backend] of named) this.#occupy(slot, backend);
  }

  /** `open` is what was counted of these slots just now. */
  update(slots: readonly string[], open: ReadonlyMap<string, number>): void {
    const all = new Map(this.#open);
    for (const slot of slots) {
      const count = open.get(slot) ?? 0;
      this.#uncounted.delete(slot);
      if (count > 0) all.set(slot, count);
      else all.delete(slot);
      if (count === 0) this.#watched.delete(slot);
    }
    this.#open = all;
  }

  /** Nothing is open any more, to anybody. */
  clear(): void {
    this.#open = new Map();
    this.#watched.clear();
    this.#uncounted.clear();
  }

  /** Added to what the built-in proxy has open to the same versions. */
  addTo(others: readonly BackendLoad[]): readonly BackendLoad[] {
    const loads = new Map(others.map((load) => [loadKey(load), load]));
    for (const [slot, openRequests] of this.#open) {
      const backend = this.#occupants.get(slot)?.backend;
      if (backend === undefined) continue;
      const { namespace, split, service, version } = backend;
      const known = loads.get(loadKey({ namespace, split, service, version }));
      loads.set(loadKey({ namespace, split, service, version }), {
        namespace,
        split,
        service,
        version,
        openRequests: openRequests + (known?.openRequests ?? 0),
        openConnections: known?.openConnections ?? 0,
        sessions: known?.sessions,
      });
    }
    return [...loads.values()];
  }

  #forget(slot: string): void {
    this.#release(slot);
    this.#occupants.delete(slot);
    this.#watched.delete(slot);
    this.#uncounted.delete(slot);
  }

  #occupy(slot: string, backend: RouteBackend): void {
    const before = this.#occupants.get(slot)?.backend.weight ?? 0;
    if (backend.weight > 0) {
      this.#watched.delete(slot);
      this.#uncounted.delete(slot);
      if (this.#open.has(slot)) this.#open = new Map([...this.#open].filter(([open]) => open !== slot));
    } else if (before > 0) {
      this.#watched.add(slot);
      this.#uncounted.add(slot);
    }
    // Held before it is released, so that it goes on.
    const counters = this.#traffic.hold(backend);
    this.#release(slot);
    this.#occupants.set(slot, { backend, counters });
  }

  #release(slot: string): void {
    const occupant = this.#occupants.get(slot);
    if (occupant !== undefined) this.#traffic.release(occupant.counters);
  }
}

function loadKey(load: Pick<BackendLoad, 'namespace' | 'split' | 'service' | 'version'>): string {
  return [load.namespace, load.split ?? '', load.service, load.version].join('\n');
}
