import type { RequestHead } from '../http1/request-head.ts';
import { isByUser, type RouteRule } from '../routing/routing-table.ts';
import { WeightedPicker } from '../routing/weighted-picker.ts';
import type { Candidate, Destination } from './backend.ts';
import type { ClientFacts } from './messages.ts';
import type { Mirror } from './mirror.ts';
import { type Newcomers, UserChoice } from './user-choice.ts';

export interface ForwardingRuleOptions {
  readonly rule: RouteRule;
  /** Every backend that may serve and has a ready endpoint. */
  readonly candidates: readonly Candidate[];
  /** Where nobody with a share is ready: those that serve still, and are about to end. */
  readonly lastResort: readonly Candidate[];
  readonly newcomers: () => Newcomers;
  readonly mirror: Mirror | undefined;
}

/** The choice of a destination under one rule. By weight only backends with weight and a ready endpoint take part. */
export class ForwardingRule {
  readonly rule: RouteRule;
  readonly #candidates: readonly Candidate[];
  readonly #weighted: readonly Candidate[];
  readonly #picker: WeightedPicker<Candidate>;
  readonly #lastResort: WeightedPicker<Candidate>;
  /** Absent where only weights decide, which most requests should not pay more for than this one look. */
  readonly #userChoice: UserChoice | undefined;
  readonly #mirror: Mirror | undefined;

  constructor({ rule, candidates, lastResort, newcomers, mirror }: ForwardingRuleOptions) {
    this.rule = rule;
    this.#candidates = candidates;
    this.#weighted = candidates.filter(({ weight }) => weight > 0);
    this.#picker = new WeightedPicker(this.#weighted, ({ weight }) => weight);
    this.#lastResort = new WeightedPicker(lastResort, ({ weight }) => weight);
    this.#userChoice = isByUser(rule)
      ? new UserChoice({ rule, candidates, newcomers: newcomers(), pickByWeight: () => this.#picker.pick() })
      : undefined;
    this.#mirror = mirror;
  }

  /** Whether somebody has a share of what comes. */
  get isReady(): boolean {
    return this.#weighted.length > 0;
  }

  /** Undefined: nobody who may take it has a ready endpoint. */
  pick(request: RequestHead, client: ClientFacts): Destination | undefined {
    if (this.#userChoice !== undefined) return this.#userChoice.pick(request, client);
    return this.#picker.pick()?.leastLoaded(undefined);
  }

  /** For requests that nobody ready takes, and that may not wait any longer. */
  pickLastResort(): Destination | undefined {
    return this.#lastResort.pick()?.leastLoaded(undefined);
  }

  /** For a second try: another pod of the same version, else of another, else the same pod again. */
  pickOther(failed: Destination): Destination | undefined {
    const same = this.#candidates.filter((candidate) => candidate.backend === failed.backend);
    for (const candidate of [...same, ...this.#weighted]) {
      const other = candidate.leastLoaded(failed.endpoint);
      if (other !== undefined) return other;
    }
    if (same.length > 0) return failed;
    return this.#picker.pick()?.leastLoaded(undefined) ?? this.#lastResort.pick()?.leastLoaded(failed.endpoint);
  }

  /** Called when the request itself is on its way. */
  copy(request: RequestHead, client: ClientFacts): void {
    this.#mirror?.copy(request, client);
  }
}
