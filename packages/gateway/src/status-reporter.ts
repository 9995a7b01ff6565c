import type { KubeClient } from '@slipway/kube/client';
import { type Clock, formatMicroTime } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { apiVersionOf } from '@slipway/kube/object';
import { type SplitInstanceStatus, splits } from '@slipway/kube/split';
import { isStatusReason } from '@slipway/kube/status-error';
import type { BackendLoad } from './data-plane.ts';
import type { TrafficCounters } from './proxy/traffic.ts';
import type { RoutedSplit, RoutingTable } from './routing/routing-table.ts';

const reportMilliseconds = 500;
const serverErrorClass = 5;
const retryMilliseconds = 250;

export interface StatusReporterOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly instance: string;
  readonly backends: () => readonly BackendLoad[];
  readonly traffic: () => readonly TrafficCounters[];
  readonly signal: AbortSignal;
}

/** What this instance says about one Split. */
interface Report {
  readonly namespace: string;
  readonly name: string;
  routed: RoutedSplit;
  inForce: { readonly generation: number; readonly since: string; readonly conflicts: readonly string[] };
  /** Versions whose last requests matter: those without weight, and those that the Split no longer names. */
  serving: ReadonlySet<string>;
  written: string;
  isWriting: boolean;
}

/**
 * Tells each Split, in this instance's own entry of its status, which generation is in force and what drains. A new
 * generation is written at once, since delivery waits for it; one write a Split is under way at most, and the next one
 * says what is true by then.
 */
export class StatusReporter {
  readonly #options: StatusReporterOptions;
  readonly #reports = new Map<string, Report>();
  #isTimerSet = false;

  constructor(options: StatusReporterOptions) {
    this.#options = options;
  }

  /** The table has just come in force. */
  inForce(table: RoutingTable): void {
    const since = formatMicroTime(this.#options.clock.now());
    const serving = servingBackends(table);
    const named = new Set<string>();
    for (const split of table.splits) {
      const key = `${split.namespace}/${split.name}`;
      named.add(key);
      const report = this.#reportFor(key, split);
      report.serving = serving;
      report.routed = split;
      if (
        report.inForce.generation !== split.generation ||
        report.inForce.conflicts.join() !== split.conflicts.join()
      ) {
        report.inForce = { generation: split.generation, since, conflicts: split.conflicts };
      }
      this.#write(report);
    }
    for (const key of this.#reports.keys()) if (!named.has(key)) this.#reports.delete(key);
    this.#watch();
  }

  #reportFor(key: string, split: RoutedSplit): Report {
    const known = this.#reports.get(key);
    if (known !== undefined) return known;
    const report: Report = {
      namespace: split.namespace,
      name: split.name,
      routed: split,
      inForce: { generation: -1, since: '', conflicts: [] },
      serving: new Set(),
      written: '',
      isWriting: false,
    };
    this.#reports.set(key, report);
    return report;
  }

  #statusOf(report: Report): SplitInstanceStatus {
    const draining = this.#options
      .backends()
      .filter(({ namespace, split }) => namespace === report.namespace && split === report.name)
      .filter((backend) => !report.serving.has(versionKey(backend)))
      .map(({ service, version, openConnections, openRequests }) => ({
        service,
        version,
        openConnections,
        openRequests,
      }));
    return {
      name: this.#options.instance,
      observedGeneration: report.inForce.generation,
      inForceSince: report.inForce.since,
      ...(draining.length > 0 ? { backends: draining } : {}),
      ...(this.#isCounting(report) ? { traffic: this.#trafficOf(report) } : {}),
      ...(report.inForce.conflicts.length > 0 ? { conflicts: report.inForce.conflicts } : {}),
    };
  }

  #write(report: Report): void {
    const status = this.#statusOf(report);
    const text = JSON.stringify(status);
    if (report.isWriting || text === report.written || this.#options.signal.aborted) return;
    report.isWriting = true;
    void this.#send(report, status).then((outcome) => {
      report.isWriting = false;
      if (outcome === 'written') {
        report.written = text;
        this.#write(report);
      } else if (outcome === 'failed') {
        this.#options.clock.schedule(retryMilliseconds, () => this.#write(report));
      }
    });
  }

  /** `gone`: the Split was deleted meanwhile. */
  async #send(report: Report, status: SplitInstanceStatus): Promise<'written' | 'failed' | 'gone'> {
    const { client, instance, logger, signal } = this.#options;
    const { namespace, name } = report;
    const body = {
      apiVersion: apiVersionOf(splits),
      kind: splits.kind,
      metadata: { namespace, name },
      status: { instances: [status] },
    };
    try {
      await client.patch(
        splits,
        { namespace, name },
        { type: 'apply', body, force: true },
        { subresource: 'status', fieldManager: `slipway-gateway-${instance}`, signal },
      );
      return 'written';
    } catch (error) {
      if (isStatusReason(error, 'NotFound')) return 'gone';
      if (!signal.aborted)
        logger.warn('could not confirm a split, trying again', { namespace, name, kind: 'Split', error });
      return 'failed';
    }
  }

  #isCounting({ routed }: Report): boolean {
    return (routed.countTrafficUntil ?? 0) > this.#options.clock.now();
  }

  #trafficOf({ namespace, routed }: Report): NonNullable<SplitInstanceStatus['traffic']> {
    return this.#options
      .traffic()
      .filter(({ labels }) => labels.namespace === namespace && labels.application === routed.application)
      .map(({ labels, requests, byClass }) => ({
        version: labels.version,
        requests,
        serverErrors: byClass[serverErrorClass] ?? 0,
      }));
  }

  /** Looks at what drains and at what is to be counted until there is neither. */
  #watch(): void {
    if (this.#isTimerSet || this.#options.signal.aborted) return;
    const isWatched = [...this.#reports.values()].some(
      (report) => this.#isCounting(report) || this.#statusOf(report).backends !== undefined,
    );
    if (!isWatched) return;
    this.#isTimerSet = true;
    this.#options.clock.schedule(reportMilliseconds, () => {
      this.#isTimerSet = false;
      for (const report of this.#reports.values()) this.#write(report);
      this.#watch();
    });
  }
}

function servingBackends(table: RoutingTable): ReadonlySet<string> {
  return new Set(table.rules.flatMap((rule) => rule.backends.filter((backend) => backend.weight > 0).map(versionKey)));
}

function versionKey(backend: {
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
}): string {
  return `${backend.namespace} ${backend.service} ${backend.version}`;
}
