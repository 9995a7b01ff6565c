import type { Probe } from '@slipway/kube/api.generated';
import type { Clock } from '@slipway/kube/clock';
import { messageOf } from '@slipway/kube/message-of';
import type { ProbeOutcome } from './http-probe.ts';
import {
  advanceProbe,
  newProbeState,
  planAttempt,
  type Attempt,
  type ProbeKind,
  type ProbeState,
} from './probe-schedule.ts';
import type { Prober, ProbeTarget } from './prober.ts';

export interface ContainerProbesOptions {
  readonly clock: Clock;
  readonly prober: Prober;
  readonly startedAt: number;
  /** The pod as it is now. */
  target(): ProbeTarget;
  /** What the answers of a probe now amount to. */
  onVerdict(kind: ProbeKind, success: boolean): void;
  onEvent(reason: 'Unhealthy' | 'ProbeWarning', message: string): void;
}

/** All probes of one running container: first startup, and once it has passed readiness and liveness side by side. */
export class ContainerProbes {
  readonly #options: ContainerProbesOptions;
  readonly #ended = new AbortController();
  /** Of startup and liveness, which decide about a replacement. */
  readonly #settled = new AbortController();

  constructor(options: ContainerProbesOptions) {
    this.#options = options;
  }

  start(): void {
    const { startupProbe } = this.#options.target().container;
    if (startupProbe === undefined) this.#startOthers();
    else this.#begin('startup', startupProbe);
  }

  /** The container will not be replaced any more: only its readiness is of interest. */
  keepReadiness(): void {
    this.#settled.abort();
  }

  stop(): void {
    this.#settled.abort();
    this.#ended.abort();
  }

  #signalOf(kind: ProbeKind): AbortSignal {
    return kind === 'readiness' ? this.#ended.signal : this.#settled.signal;
  }

  #startOthers(): void {
    const { readinessProbe, livenessProbe } = this.#options.target().container;
    if (readinessProbe !== undefined) this.#begin('readiness', readinessProbe);
    if (livenessProbe !== undefined) this.#begin('liveness', livenessProbe);
  }

  #begin(kind: ProbeKind, probe: Probe): void {
    const { clock, startedAt } = this.#options;
    this.#next(kind, probe, newProbeState(kind, probe, { startedAt, now: clock.now() }));
  }

  #next(kind: ProbeKind, probe: Probe, state: ProbeState): void {
    const signal = this.#signalOf(kind);
    if (signal.aborted) return;
    const { clock } = this.#options;
    const attempt = planAttempt(state, kind, probe);
    const cancel = clock.schedule(Math.max(0, attempt.at - clock.now()), () => {
      signal.removeEventListener('abort', cancel);
      void this.#attempt(kind, probe, { state, attempt });
    });
    signal.addEventListener('abort', cancel, { once: true });
  }

  async #attempt(
    kind: ProbeKind,
    probe: Probe,
    { state, attempt }: { state: ProbeState; attempt: Attempt },
  ): Promise<void> {
    const outcome = await this.#ask(kind, probe);
    if (this.#signalOf(kind).aborted) return;
    if (outcome === undefined) {
      this.#next(kind, probe, { ...state, regularAt: attempt.at, endedAt: this.#options.clock.now() });
      return;
    }
    const success = outcome.result !== 'failure';
    const answer = { success, endedAt: this.#options.clock.now() };
    this.#report(kind, outcome, attempt);
    this.#conclude(kind, probe, { before: state, after: advanceProbe(state, probe, { attempt, answer }) });
  }

  /** Undefined: there was no answer, for a reason that says nothing about the container. */
  async #ask(kind: ProbeKind, probe: Probe): Promise<ProbeOutcome | undefined> {
    const signal = this.#signalOf(kind);
    try {
      return await this.#options.prober.probe(kind, probe, this.#options.target(), signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      const message = messageOf(error);
      this.#options.onEvent('Unhealthy', `${titleOf(kind)} probe errored and resulted in unknown state: ${message}`);
      return undefined;
    }
  }

  #report(kind: ProbeKind, { result, output }: ProbeOutcome, attempt: Attempt): void {
    if (!attempt.counts) return;
    if (result === 'failure') this.#options.onEvent('Unhealthy', `${titleOf(kind)} probe failed: ${output}`);
    if (result === 'warning') this.#options.onEvent('ProbeWarning', `${titleOf(kind)} probe warning: ${output}`);
  }

  #conclude(kind: ProbeKind, probe: Probe, { before, after }: { before: ProbeState; after: ProbeState }): void {
    const changed = before.verdict !== after.verdict;
    // A container that failed its startup or liveness probe is replaced, and the next one gets probes of its own.
    const replaced = kind !== 'readiness' && after.verdict === 'failure';
    const started = kind === 'startup' && after.verdict === 'success';
    if (!replaced && !started) this.#next(kind, probe, after);
    if (changed) this.#options.onVerdict(kind, after.verdict === 'success');
    if (started && !this.#settled.signal.aborted) this.#startOthers();
  }
}

function titleOf(kind: ProbeKind): string {
  return `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}`;
}
