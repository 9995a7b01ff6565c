import type { EndpointSlice, Service } from '@slipway/kube/api.generated';
import type { Informer } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import type { Clock } from '@slipway/kube/clock';
import { isReady, calculateServiceTable } from './service-table.ts';
import type { ServiceProxy } from './service-proxy.ts';
import { TableUpdates } from './table-updates.ts';

export interface ServiceRoutingOptions {
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  readonly proxy: ServiceProxy;
  readonly nodeAddresses: readonly string[];
  readonly apiSocket: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** How many pods that left are remembered: far more than can end at once. */
const rememberedDepartures = 10_000;

/** Brings every change of services and endpoints into the proxy, and knows which pods nobody is sent to any more. */
export class ServiceRouting {
  private readonly options: ServiceRoutingOptions;
  /** The resourceVersion at which a pod was ready in no slice any more. */
  private readonly departures = new Map<string, number>();
  private readonly listeners = new Set<() => void>();
  /** For each slice, the pods that are ready in it. */
  private readonly readyPods = new Map<string, ReadonlySet<string>>();
  private readonly updates: TableUpdates;

  constructor(options: ServiceRoutingOptions) {
    this.options = options;
    const { services, slices, nodeAddresses, apiSocket } = options;
    this.updates = new TableUpdates({
      ...options,
      calculate: () =>
        calculateServiceTable({ services: services.list(), slices: slices.list(), nodeAddresses, apiSocket }),
      onApplied: () => {
        for (const listener of this.listeners) listener();
      },
    });
  }

  start(): void {
    const { services, slices } = this.options;
    void Promise.all([services.synced(), slices.synced()]).then(() => this.refresh());
    this.options.slices.onChange(({ key, current }) => {
      this.observe(key, current);
      this.refresh();
    });
    this.options.services.onChange(() => this.refresh());
  }

  /** Whether the pod is in a slice as ready, or a connection may still be given to it. */
  isRouted(podUid: string): boolean {
    const isReadyNow = [...this.readyPods.values()].some((pods) => pods.has(podUid));
    return isReadyNow || (this.departures.has(podUid) && this.updates.isUnderWay);
  }

  /** The resourceVersion of the slice that no longer had the pod as ready; undefined when it never was. */
  departureOf(podUid: string): number | undefined {
    return this.departures.get(podUid);
  }

  /** Called after every change that is in force. */
  onApplied(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private observe(key: string, slice: EndpointSlice | undefined): void {
    const before = this.readyPods.get(key) ?? new Set<string>();
    const now = new Set(slice?.endpoints.filter(isReady).map(({ targetRef }) => targetRef?.uid ?? '') ?? []);
    if (slice === undefined) this.readyPods.delete(key);
    else this.readyPods.set(key, now);
    const version = Number(slice?.metadata.resourceVersion ?? this.options.slices.resourceVersion);
    for (const uid of now) this.departures.delete(uid);
    for (const uid of before) if (!now.has(uid)) this.remember(uid, version);
  }

  private remember(uid: string, version: number): void {
    this.departures.set(uid, version);
    const [oldest] = this.departures.keys();
    if (this.departures.size > rememberedDepartures && oldest !== undefined) this.departures.delete(oldest);
  }

  private refresh(): void {
    if (this.options.services.hasSynced && this.options.slices.hasSynced) this.updates.request();
  }
}
