import type { KubeClient } from '@slipway/kube/client';
import { type Clock, formatMicroTime } from '@slipway/kube/clock';
import { isSameJson } from '@slipway/kube/json-equality';
import type { Logger } from '@slipway/kube/logger';
import { messageOf } from '@slipway/kube/message-of';
import { apiVersionOf } from '@slipway/kube/object';
import { type SplitInstanceStatus, splits } from '@slipway/kube/split';
import { isStatusReason } from '@slipway/kube/status-error';
import { calculateBackoff } from '@slipway/kube/workqueue';
import type { BackendLoad } from './data-plane.ts';
import {
  indexLoads,
  type LoadIndex,
  loadsOf,
  reportedLoads,
  versionKey,
  withoutNumbers,
  withoutSessions,
} from './reported-loads.ts';
import type { TrafficCounters } from './proxy/traffic.ts';
import type { RoutedSplit, RoutingTable } from './routing/routing-table.ts';

/** What drains and what is counted is looked at so often, and other numbers of the same alone are told no more often. */
const reportMilliseconds = 500;
const serverErrorClass = 5;
/** What was written and is not there, because it was lost or somebody else took it away, is written again so often. */
const repeatMilliseconds = 500;
/** Other numbers of sessions alone are told so often. */
const sessionMilliseconds = 1_000;
/** What is refused is written again after 500 ms, 1 s, 2 s ... and this. */
const maxRetryMilliseconds = 10_000;

export interface StatusReporterOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly instance: string;
  readonly backends: () => readonly BackendLoad[];
  readonly traffic: () => readonly TrafficCounters[];
  readonly signal: AbortSignal;
}

/** What this instance has to say about one Split, and what the Split was last seen to hold of it. */
interface Report {
  routed: RoutedSplit;
  inForce: Pick<RoutedSplit, 'generation' | 'conflicts' | 'unservedRules'> & { readonly since: string };
  /** Versions whose last requests matter: those without weight, and those that the Split no longer names. */
  serving: ReadonlySet<string>;
  /** Why the Split as it is written now is not in force. */
  failure: string | undefined;
  /** The newest that is known, by the informer or as the answer to a write. */
  seen: { readonly resourceVersion: string; readonly own: SplitInstanceStatus | undefined };
  /** The last write, whatever became of it. */
  sent: { readonly status: SplitInstanceStatus; readonly at: number } | undefined;
  /** Writes that failed since the last one that did not; the next is tried at `until`. */
  refusal: { readonly times: number; readonly cause: string; readonly until: number } | undefined;
  isWriting: boolean;
  /** The Split as it was seen last holds what is true of it. */
  isTold: boolean;
  cancelRepeat: () => void;
}

/**
 * Tells each Split, in this instance's own entry of its status, which generation is in force and what drains. A new
 * generation is written at once, since delivery waits for it; one write a Split is under way at most, and the next one
 * says what is true by then. Whether there is anything to write is decided by what the Split holds, not by what was
 * written: it may be lost, taken away, or be from before a restart.
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
    const since = this.#now();
    const serving = servingBackends(table);
    const loads = this.#loads();
    for (const split of table.splits) {
      const report = this.#reportFor(split);
      report.serving = serving;
      if (isAsTold(report, split) && !this.#isWatched(report, loads)) continue;
      report.failure = undefined;
      const { generation, conflicts, unservedRules } = split;
      const { since: _, ...before } = report.inForce;
      if (!isSameJson(before, { generation, conflicts, unservedRules }))
        report.inForce = { generation, since, conflicts, unservedRules };
      this.#observe(report, split, loads);
    }
    const named = new Set(table.splits.map(({ uid }) => uid));
    for (const [uid, report] of this.#reports) if (!named.has(uid)) this.#forget(uid, report);
    this.#watch();
  }

  /** The table could not be put in force. */
  failed(table: RoutingTable, error: unknown): void {
    const loads = this.#loads();
    for (const split of table.splits) {
      const report = this.#reportFor(split);
      const isInForce = report.inForce.generation === split.generation;
      const cause = messageOf(error);
      report.failure = isInForce
        ? undefined
        : `NotInForce: generation ${split.generation} could not be put in force and is tried again: ${cause}`;
      this.#observe(report, split, loads);
    }
  }

  #reportFor(split: RoutedSplit): Report {
    const known = this.#reports.get(split.uid);
    if (known !== undefined) return known;
    const report: Report = {
      routed: split,
      inForce: { generation: 0, since: this.#now(), conflicts: [], unservedRules: [] },
      serving: new Set(),
      failure: undefined,
      seen: { resourceVersion: '', own: undefined },
      sent: undefined,
      refusal: undefined,
      isWriting: false,
      isTold: false,
      cancelRepeat: () => undefined,
    };
    this.#reports.set(split.uid, report);
    return report;
  }

  #observe(report: Report, split: RoutedSplit, loads: LoadIndex): void {
    report.routed = split;
    this.#see(report, split);
    this.#write(report, loads);
  }

  #loads(): LoadIndex {
    return indexLoads(this.#options.backends());
  }

  #now(): string {
    return formatMicroTime(this.#options.clock.now());
  }

  #forget(uid: string, report: Report): void {
    report.cancelRepeat();
    this.#reports.delete(uid);
  }

  /** The informer may still be behind the answer to the last write. */
  #see(report: Report, split: Pick<RoutedSplit, 'resourceVersion' | 'instances'>): void {
    if (Number(split.resourceVersion) < Number(report.seen.resourceVersion)) return;
    const own = split.instances.find(({ name }) => name === this.#options.instance);
    report.seen = { resourceVersion: split.resourceVersion, own };
  }

  #statusOf(report: Report, loads: LoadIndex): SplitInstanceStatus {
    const told = (report.sent?.status ?? report.seen.own)?.backends ?? [];
    const backends = reportedLoads(loadsOf(loads, report.routed), { serving: report.serving, told });
    const conflicts = report.inForce.conflicts.concat(report.failure ?? []);
    return {
      name: this.#options.instance,
      observedGeneration: report.inForce.generation,
      inForceSince: report.inForce.since,
      ...(backends.length > 0 ? { backends } : {}),
      ...(this.#isCounting(report) ? { traffic: this.#trafficOf(report) } : {}),
      ...(conflicts.length > 0 ? { conflicts, unservedRules: report.inForce.unservedRules } : {}),
    };
  }

  #write(report: Report, loads: LoadIndex): void {
    const { clock, signal } = this.#options;
    const status = this.#statusOf(report, loads);
    report.isTold = isSameReport(status, report.seen.own);
    if (report.isWriting || signal.aborted || report.isTold) return;
    report.cancelRepeat();
    const wait = this.#untilDue(report, status);
    if (wait > 0) {
      report.cancelRepeat = clock.schedule(wait, () => this.#write(report, this.#loads()));
      return;
    }
    report.isWriting = true;
    report.sent = { status, at: clock.monotonic() };
    void this.#send(report, status).then((answer) => {
      report.isWriting = false;
      if (this.#reports.get(report.routed.uid) !== report) return;
      if (answer !== undefined) this.#see(report, answer);
      this.#write(report, this.#loads());
    });
  }

  /** News is due at once, unless the last write was refused. */
  #untilDue({ sent, refusal }: Report, status: SplitInstanceStatus): number {
    const repeat = sent === undefined ? 0 : sent.at + pauseBetween(sent.status, status);
    return Math.max(repeat, refusal?.until ?? 0) - this.#options.clock.monotonic();
  }

  /** The Split as it is then; undefined if that is not known. */
  async #send(
    report: Report,
    status: SplitInstanceStatus,
  ): Promise<Pick<RoutedSplit, 'resourceVersion' | 'instances'> | undefined> {
    const { client, instance, signal } = this.#options;
    const { namespace, name, uid } = report.routed;
    const body = {
      apiVersion: apiVersionOf(splits),
      kind: splits.kind,
      // Its uid: another Split of this name has not been confirmed.
      metadata: { namespace, name, uid },
      status: { instances: [status] },
    };
    try {
      const { metadata, status: written } = await client.patch(
        splits,
        { namespace, name },
        { type: 'apply', body, force: true },
        { subresource: 'status', fieldManager: `slipway-gateway-${instance}`, signal },
      );
      report.refusal = undefined;
      return { resourceVersion: metadata.resourceVersion ?? '', instances: written?.instances ?? [] };
    } catch (error) {
      if (!signal.aborted) this.#onRefusal(report, error);
      return undefined;
    }
  }

  /** One that lasts is said once. */
  #onRefusal(report: Report, error: unknown): void {
    const { clock, logger, random } = this.#options;
    const { namespace, name } = report.routed;
    const times = report.refusal?.times ?? 0;
    const cause = messageOf(error);
    // `NotFound`: it was deleted meanwhile, as the informer will tell.
    if (cause !== report.refusal?.cause && !isStatusReason(error, 'NotFound'))
      logger.warn('could not confirm a split, trying again', { namespace, name, kind: 'Split', error });
    const wait = Math.min(maxRetryMilliseconds, 100 * calculateBackoff(times, random()));
    report.refusal = { times: times + 1, cause, until: clock.monotonic() + wait };
  }

  #isCounting({ routed }: Report): boolean {
    return (routed.countTrafficUntil ?? 0) > this.#options.clock.now();
  }

  #trafficOf({ routed }: Report): NonNullable<SplitInstanceStatus['traffic']> {
    return this.#options
      .traffic()
      .filter(({ labels }) => labels.namespace === routed.namespace && labels.application === routed.application)
      .map(({ labels, requests, byClass, durations }) => ({
        version: labels.version,
        requests,
        serverErrors: byClass[serverErrorClass] ?? 0,
        durations: [...durations],
      }));
  }

  /** Looks at what drains, at sessions and at what is to be counted until there is none of it. */
  #watch(): void {
    if (this.#isTimerSet || this.#options.signal.aborted) return;
    const loads = this.#loads();
    if (![...this.#reports.values()].some((report) => this.#isWatched(report, loads))) return;
    this.#isTimerSet = true;
    this.#options.clock.schedule(reportMilliseconds, () => {
      this.#isTimerSet = false;
      const current = this.#loads();
      for (const report of this.#reports.values()) if (this.#isWatched(report, current)) this.#write(report, current);
      this.#watch();
    });
  }

  #isWatched(report: Report, loads: LoadIndex): boolean {
    if (report.routed.hasSessions || report.seen.own?.backends !== undefined || this.#isCounting(report)) return true;
    // What is no longer to be counted is taken back.
    if (report.seen.own?.traffic !== undefined) return true;
    return loadsOf(loads, report.routed).some((load) => !report.serving.has(versionKey(load)));
  }
}

/** At least so long after the one comes the other. */
function pauseBetween(sent: SplitInstanceStatus, status: SplitInstanceStatus): number {
  if (isSameReport(status, sent)) return repeatMilliseconds;
  if (isSameReport(withoutSessions(status), withoutSessions(sent))) return sessionMilliseconds;
  // Of sessions and of what drains both differ where a version with sessions drains or is counted.
  return isSameReport(withoutNumbers(withoutSessions(status)), withoutNumbers(withoutSessions(sent)))
    ? reportMilliseconds
    : 0;
}

/** Since when is no news: after a restart it differs, and is no less true as it was. */
function isSameReport(status: SplitInstanceStatus, other: SplitInstanceStatus | undefined): boolean {
  return other !== undefined && isSameJson(status, { ...other, inForceSince: status.inForceSince });
}

/** Of a thousand Splits all but a few are what they were. */
function isAsTold({ isTold, isWriting, failure, routed, inForce }: Report, split: RoutedSplit): boolean {
  return (
    isTold &&
    !isWriting &&
    failure === undefined &&
    routed.resourceVersion === split.resourceVersion &&
    routed.hasSessions === split.hasSessions &&
    isSameJson(inForce.conflicts, split.conflicts) &&
    isSameJson(inForce.unservedRules, split.unservedRules)
  );
}

function servingBackends(table: RoutingTable): ReadonlySet<string> {
  return new Set(table.rules.flatMap((rule) => rule.backends.filter((backend) => backend.weight > 0).map(versionKey)));
}
