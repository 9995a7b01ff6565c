import type { RequestHead } from '../http1/request-head.ts';
import type { DataPlaneCounter } from '../data-plane.ts';
import type { Candidate } from './backend.ts';
import type { ClientFacts } from './messages.ts';
import { MirrorCopy, type CopyOutcome } from './mirror-copy.ts';
import type { TrafficLabels } from './traffic.ts';

/** Copies that are open to one version; one more would have to wait. */
const maxOpenCopies = 100;

/** RFC 9110, 9.2.1: what an application that keeps to it does twice without a difference. TRACE tells nobody anything. */
const copied: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A version that gets copies, with those that are open; outlives the tables that name it. */
export class MirrorTarget {
  readonly #labels: TrafficLabels;
  readonly #open = new Set<MirrorCopy>();
  readonly #outcomes = new Map<CopyOutcome | 'dropped', number>();

  constructor({ namespace, application, service, version }: TrafficLabels) {
    this.#labels = { namespace, application, service, version };
  }

  get isIdle(): boolean {
    return this.#open.size === 0;
  }

  counters(): readonly DataPlaneCounter[] {
    return [...this.#outcomes].map(([outcome, value]) => ({
      name: 'slipway_gateway_mirrored_requests_total',
      help: 'Copies of requests by version and outcome: the class of the status, none, or dropped',
      labels: { ...this.#labels, outcome },
      value,
    }));
  }

  send(
    candidate: Candidate,
    copy: { readonly request: RequestHead; readonly client: ClientFacts; tick(): number },
  ): void {
    const destination = this.#open.size < maxOpenCopies ? candidate.leastLoaded(undefined) : undefined;
    if (destination === undefined) {
      this.#count('dropped');
      return;
    }
    const open = new MirrorCopy({
      ...copy,
      endpoint: destination.endpoint,
      onEnd: (outcome) => {
        this.#open.delete(open);
        this.#count(outcome);
      },
    });
    this.#open.add(open);
    open.start();
  }

  /** Once a second. */
  checkTime(tick: number): void {
    for (const copy of [...this.#open]) copy.checkTime(tick);
  }

  close(): void {
    for (const copy of [...this.#open]) copy.cut();
  }

  #count(outcome: CopyOutcome | 'dropped'): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
  }
}

export interface MirrorOptions {
  readonly target: MirrorTarget;
  readonly candidate: Candidate;
  readonly percent: number;
  tick(): number;
}

/** Sends copies of some requests of one rule to a version, which nobody waits for. */
export class Mirror {
  readonly #options: MirrorOptions;
  #credit = 0;

  constructor(options: MirrorOptions) {
    this.#options = options;
  }

  copy(request: RequestHead, client: ClientFacts): void {
    if (!copied.has(request.method) || request.framing.kind !== 'none' || request.upgrade !== undefined) return;
    const { target, candidate, percent, tick } = this.#options;
    this.#credit += percent;
    if (this.#credit < 100) return;
    this.#credit -= 100;
    target.send(candidate, { request, client, tick });
  }
}
