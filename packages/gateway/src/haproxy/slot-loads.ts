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
  #open: ReadonlyMap<string, number> = new Map();

  constructor(traffic: TrafficRegistry) {
    this.#traffic = traffic;
  }

  /** Slots that have something open. */
  get busy(): ReadonlySet<string> {
    return new Set(this.#open.keys());
  }

  /** Whether something is open to a version that gets nothing new. */
  get isDraining(): boolean {
    return [...this.#open.keys()].some((slot) => (this.#occupants.get(slot)?.backend.weight ?? 0) === 0);
  }

  countersOf(slot: string): TrafficCounters | undefined {
    return this.#occupants.get(slot)?.counters;
  }

  /** `named` are those of the table in force, `kept` those that still have servers. */
  install(named: ReadonlyMap<string, RouteBackend>, kept: ReadonlySet<string>): void {
    for (const [slot, { backend }] of this.#occupants) {
      if (named.has(slot)) continue;
      if (kept.has(slot) || this.#open.has(slot)) this.#occupy(slot, { ...backend, weight: 0 });
      else this.#occupants.delete(slot);
    }
    for (const [slot, backend] of named) this.#occupy(slot, backend);
  }

  update(open: ReadonlyMap<string, number>): void {
    this.#open = new Map([...open].filter(([slot]) => this.#occupants.has(slot)));
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
      });
    }
    return [...loads.values()];
  }

  #occupy(slot: string, backend: RouteBackend): void {
    this.#occupants.set(slot, { backend, counters: this.#traffic.of(backend) });
  }
}

function loadKey(load: Pick<BackendLoad, 'namespace' | 'split' | 'service' | 'version'>): string {
  return [load.namespace, load.split ?? '', load.service, load.version].join('\n');
}
