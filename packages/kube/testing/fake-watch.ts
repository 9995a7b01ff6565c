import type { KubeObject } from '../src/object.ts';
import type { TransportRequest } from '../src/transport.ts';

interface WatchedChange<Target> {
  readonly target: Target;
  readonly revision: number;
  readonly old: KubeObject | undefined;
  readonly current: KubeObject | undefined;
}

export interface FakeWatchOptions<Target> {
  readonly signal: AbortSignal | undefined;
  readonly isSelected: (object: KubeObject) => boolean;
  readonly isWithin: (target: Target) => boolean;
  /** In which objects are sent. */
  readonly form: (object: KubeObject) => KubeObject;
  readonly onEnd: () => void;
  readonly ignores?: TransportRequest['ignores'];
}

interface FakeEvent {
  readonly type: string;
  readonly object: KubeObject;
}

/** One open watch of the fake API: a queue that a reader takes events from until somebody ends it. */
export class FakeWatch<Target> implements AsyncIterable<unknown> {
  readonly #options: FakeWatchOptions<Target>;
  readonly #queue: unknown[] = [];
  #outcome: { readonly error: Error | undefined } | undefined;
  #isSilent = false;
  #wake: () => void = () => undefined;

  constructor(options: FakeWatchOptions<Target>) {
    this.#options = options;
    options.signal?.addEventListener('abort', () => this.end(), { once: true });
  }

  /** An object that begins or ceases to be selected is an ADDED or DELETED one to this reader. */
  accept({ target, revision, old, current }: WatchedChange<Target>): void {
    const { isSelected, isWithin, form } = this.#options;
    if (!isWithin(target)) return;
    const was = old !== undefined && isSelected(old);
    if (current !== undefined && isSelected(current))
      this.push({ type: was ? 'MODIFIED' : 'ADDED', object: form(current) });
    else if (was) {
      const metadata = { ...old.metadata, resourceVersion: String(revision) };
      this.push({ type: 'DELETED', object: form({ ...old, metadata }) });
    }
  }

  push(event: FakeEvent): void {
    if (this.#isSilent || this.#outcome !== undefined) return;
    if (this.#options.ignores?.(event) === true) return;
    this.#queue.push(event);
    this.#wake();
  }

  silence(): void {
    this.#isSilent = true;
  }

  end(): void {
    this.#finish(undefined);
  }

  fail(error: Error): void {
    this.#finish(error);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<unknown> {
    try {
      for (;;) {
        while (this.#queue.length > 0) yield this.#queue.shift();
        if (this.#outcome?.error !== undefined) throw this.#outcome.error;
        if (this.#outcome !== undefined) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.end();
    }
  }

  #finish(error: Error | undefined): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = { error };
    this.#options.onEnd();
    this.#wake();
  }
}
