import { kinds, type ClientFailure, type ClientReport, type Count, type Kind } from './protocol.ts';

const keptFailures = 50;

/** One request or connection on the way; its first end counts, whatever else is heard of it. */
export interface Attempt {
  readonly kind: Kind;
  readonly id: string;
  /** That answers, as soon as it is known. */
  pod: string | undefined;
  right(): void;
  fail(reason: string): void;
}

/** Counts every attempt exactly once. */
export class Tally {
  socketsToldToLeave = 0;
  readonly #counts = new Map<Kind, Count>(kinds.map((kind) => [kind, { begun: 0, right: 0, failed: 0 }]));
  readonly #underway = new Set<Attempt>();
  readonly #failures: ClientFailure[] = [];
  readonly #startedAt = performance.now();

  begin(kind: Kind): Attempt {
    const id = `${kind}-${this.#countOf(kind).begun}`;
    this.#add(kind, 'begun');
    const attempt: Attempt = {
      kind,
      id,
      pod: undefined,
      right: () => {
        if (this.#underway.delete(attempt)) this.#add(kind, 'right');
      },
      fail: (reason) => {
        if (this.#underway.delete(attempt)) this.#fail(attempt, reason);
      },
    };
    this.#underway.add(attempt);
    return attempt;
  }

  /** Everything that was begun has ended. */
  get isQuiet(): boolean {
    return this.#underway.size === 0;
  }

  report(): ClientReport {
    return {
      counts: {
        slow: this.#countOf('slow'),
        post: this.#countOf('post'),
        upload: this.#countOf('upload'),
        socket: this.#countOf('socket'),
      },
      underway: [...this.#underway].map(({ kind, id, pod }) => ({ kind, id, pod })),
      failures: this.#failures,
      socketsToldToLeave: this.socketsToldToLeave,
    };
  }

  #countOf(kind: Kind): Count {
    return this.#counts.get(kind) ?? { begun: 0, right: 0, failed: 0 };
  }

  #add(kind: Kind, end: keyof Count): void {
    const count = this.#countOf(kind);
    this.#counts.set(kind, { ...count, [end]: count[end] + 1 });
  }

  #fail({ kind, id, pod }: Attempt, reason: string): void {
    this.#add(kind, 'failed');
    const at = Math.round(performance.now() - this.#startedAt);
    if (this.#failures.length < keptFailures) this.#failures.push({ kind, id, pod, reason, at });
  }
}
