import type { KubeObject } from '@slipway/kube/object';
import type { Clock } from '@slipway/kube/clock';
import { StatusError } from '@slipway/kube/status-error';
import { RevisionCompacted, type StoreEvent, type StoreWatch } from '../store/store.ts';
import type { ResourceDefinition } from '../schema/definition.ts';
import { storePrefix } from './object-key.ts';
import { withResourceVersion, type ResourceStore } from './resource-store.ts';
import type { Matcher } from './selection.ts';

export interface WatchRequest {
  readonly definition: ResourceDefinition;
  readonly namespace: string | undefined;
  readonly matcher: Matcher | undefined;
  /** Undefined or 0: begin with everything that exists as ADDED. */
  readonly afterRevision: number | undefined;
  readonly sendInitialEvents: boolean;
  readonly bookmarks: boolean;
  readonly timeoutMilliseconds: number | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface WatchStreamEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubeObject;
}

/** A reader that lets so many events pile up is cut off: it lists again and is current. */
const maximumBacklog = 10_000;
const bookmarkMilliseconds = 15_000;
/** A stream that nobody bounds ends by itself after a while, so that readers spread over servers and forget nothing. */
const maximumLifeMilliseconds = 60 * 60_000;

/** Changes of one resource as they happen. Throws `Expired` at once for a revision that is no longer known. */
export function openWatch(
  resources: ResourceStore,
  clock: Clock,
  request: WatchRequest,
): AsyncIterable<WatchStreamEvent> {
  const stream = new WatchStream(resources, clock, request);
  stream.open();
  return stream;
}

class WatchStream implements AsyncIterable<WatchStreamEvent> {
  readonly #resources: ResourceStore;
  readonly #clock: Clock;
  readonly #request: WatchRequest;
  readonly #queue: WatchStreamEvent[] = [];
  #watch: StoreWatch | undefined;
  #cancelLife: (() => void) | undefined;
  #cancelBookmark: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(resources: ResourceStore, clock: Clock, request: WatchRequest) {
    this.#resources = resources;
    this.#clock = clock;
    this.#request = request;
  }

  open(): void {
    const { definition, namespace, afterRevision, signal } = this.#request;
    const { store } = this.#resources;
    const isNew = afterRevision === undefined || afterRevision === 0 || this.#request.sendInitialEvents;
    const start = isNew ? store.revision : afterRevision;
    if (isNew) this.#sendExisting(start);
    try {
      this.#watch = store.watch(storePrefix(definition.type, namespace), start, (event) => this.#accept(event));
    } catch (error) {
      if (!(error instanceof RevisionCompacted)) throw error;
      throw new StatusError('Expired', `too old resource version: ${start} (${error.oldest})`, { cause: error });
    }
    if (this.#request.bookmarks) this.#scheduleBookmark();
    this.#cancelLife = this.#clock.schedule(this.#request.timeoutMilliseconds ?? maximumLifeMilliseconds, () =>
      this.#end(),
    );
    signal?.addEventListener('abort', () => this.#end(), { once: true });
    if (signal?.aborted === true) this.#end();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<WatchStreamEvent> {
    try {
      for (;;) {
        for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) yield event;
        if (this.#ended) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.#end();
    }
  }

  #sendExisting(revision: number): void {
    const { definition, namespace, matcher } = this.#request;
    for (const stored of this.#resources.list(definition, namespace)) {
      const object = this.#resources.cache.parse(stored);
      if (matcher === undefined || matcher(object)) this.#push({ type: 'ADDED', object });
    }
    if (this.#request.sendInitialEvents) this.#push(this.#bookmark(revision, { 'k8s.io/initial-events-end': 'true' }));
  }

  #accept({ type, key, value, revision, previous }: StoreEvent): void {
    const { matcher } = this.#request;
    const { cache } = this.#resources;
    const old = previous === undefined ? undefined : cache.parse(previous);
    const stored = type === 'put' ? cache.parse({ key, value, revision }) : undefined;
    const wasSelected = old !== undefined && (matcher === undefined || matcher(old));
    const isSelected = stored !== undefined && (matcher === undefined || matcher(stored));
    if (isSelected) this.#push({ type: wasSelected ? 'MODIFIED' : 'ADDED', object: stored });
    else if (wasSelected) this.#push({ type: 'DELETED', object: withResourceVersion(old, revision) });
  }

  #push(event: WatchStreamEvent): void {
    if (this.#ended) return;
    if (this.#queue.length >= maximumBacklog) {
      this.#end();
      return;
    }
    this.#queue.push(event);
    this.#wake?.();
    this.#wake = undefined;
  }

  #scheduleBookmark(): void {
    this.#cancelBookmark = this.#clock.schedule(bookmarkMilliseconds, () => {
      this.#push(this.#bookmark(this.#resources.store.revision));
      if (!this.#ended) this.#scheduleBookmark();
    });
  }

  #bookmark(revision: number, annotations?: Readonly<Record<string, string>>): WatchStreamEvent {
    const { type } = this.#request.definition;
    const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`;
    return {
      type: 'BOOKMARK',
      object: {
        apiVersion,
        kind: type.kind,
        metadata: { resourceVersion: String(revision), ...(annotations === undefined ? {} : { annotations }) },
      },
    };
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watch?.close();
    this.#cancelLife?.();
    this.#cancelBookmark?.();
    this.#wake?.();
  }
}
