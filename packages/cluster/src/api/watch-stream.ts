import type { Clock } from '@slipway/kube/clock';
import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import type { SendBatch } from '@slipway/kube/transport';
import { RevisionCompacted, type StoredObject, type StoreEvent, type StoreWatch } from '../store/store.ts';
import type { ResourceDefinition } from '../schema/definition.ts';
import { storePrefix } from './object-key.ts';
import type { SentWatch } from './open-watches.ts';
import { withResourceVersion, type ResourceStore } from './resource-store.ts';
import type { Matcher } from './selection.ts';
import type { WatchEvents, WatchStreamEvent } from './watch-event.ts';

export interface WatchRequest {
  readonly definition: ResourceDefinition;
  readonly namespace: string | undefined;
  readonly matcher: Matcher | undefined;
  /** Undefined or 0: from now on. */
  readonly afterRevision: number | undefined;
  /** Whether to begin with everything that exists as ADDED. Undefined: where no revision to go on from is named. */
  readonly sendInitialEvents: boolean | undefined;
  readonly bookmarks: boolean;
  readonly timeoutMilliseconds: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** What its reader is not told of; asked of every change and bookmark that he would be told of next. */
  readonly ignores?: ((event: WatchStreamEvent) => boolean) | undefined;
}

/** A reader that lets so many changes pile up is cut off: it lists again and is current. */
const maximumBacklog = 10_000;
/** Of what existed at the beginning so many events are sent together. */
const maximumPortion = 100;
/** Kubernetes takes about a minute; some readers give up a stream that has been silent for half of one. */
const bookmarkMilliseconds = 15_000;
/** A stream that nobody bounds ends by itself after a while, so that readers spread over servers and forget nothing. */
const maximumLifeMilliseconds = 60 * 60_000;

/**
 * Changes of one resource as they happen. Fails with `Expired` as it is read for a revision that is no longer known, or not
 * yet: Kubernetes accepts such a watch and tells of it by an event, after which clients begin anew that would give up otherwise.
 */
export function openWatch(resources: ResourceStore, clock: Clock, request: WatchRequest): WatchEvents {
  const stream = new WatchStream(resources, clock, request);
  try {
    stream.open();
  } catch (error) {
    if (!isStatusReason(error, 'Expired')) throw error;
    return new FailedWatch(error);
  }
  return stream;
}

class FailedWatch implements WatchEvents {
  readonly #error: StatusError;

  constructor(error: StatusError) {
    this.#error = error;
  }

  [Symbol.asyncIterator](): AsyncIterator<WatchStreamEvent> {
    return { next: () => Promise.reject(this.#error) };
  }

  follow(): Promise<void> {
    return Promise.reject(this.#error);
  }
}

class WatchStream implements WatchEvents {
  readonly #resources: ResourceStore;
  readonly #clock: Clock;
  readonly #request: WatchRequest;
  #queue: WatchStreamEvent[] = [];
  /** What existed at the beginning; turned into events only as they are read, so it is no backlog. */
  #existing: readonly StoredObject[] = [];
  #start = 0;
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
    if (signal?.aborted === true) {
      this.#end();
      return;
    }
    const { store } = this.#resources;
    this.#requireKnown(afterRevision ?? 0);
    const hasStart = afterRevision !== undefined && afterRevision > 0;
    this.#start = this.#beginsWithExisting || !hasStart ? store.revision : afterRevision;
    if (this.#beginsWithExisting) this.#existing = this.#resources.list(definition, namespace);
    this.#follow();
    // What is replayed may be a backlog too long already; there is nothing left to follow then.
    if (this.#ended) {
      this.#watch?.close();
      return;
    }
    if (this.#request.bookmarks) this.#scheduleBookmark();
    this.#cancelLife = this.#clock.schedule(this.#request.timeoutMilliseconds ?? maximumLifeMilliseconds, () =>
      this.#expire(),
    );
    signal?.addEventListener('abort', () => this.#end(), { once: true });
  }

  async *[Symbol.asyncIterator](): AsyncIterator<WatchStreamEvent> {
    try {
      for (const event of this.#initialEvents()) {
        yield event;
        // Later changes without all of the beginning would be misread.
        if (this.#ended) return;
      }
      for (;;) {
        for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) yield event;
        if (this.#ended) return;
        await this.#awoken();
      }
    } finally {
      this.#end();
    }
  }

  async follow(send: SendBatch): Promise<void> {
    const sent = this.#resources.watches.begin(this.#clock);
    try {
      for (const portion of portions(this.#initialEvents())) {
        await send(portion);
        if (this.#ended) return;
      }
      while (!this.#ended || this.#queue.length > 0) await this.#sendTurns(sent, send);
    } finally {
      sent.end();
      this.#end();
    }
  }

  /**
   * Sends what happens, in turn, until there is something to wait for or it is the end. A promise for each turn would cost as
   * much as half of sending.
   */
  #sendTurns(sent: SentWatch, send: SendBatch): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = (): void => {
        const batch = this.#queue;
        this.#queue = [];
        try {
          const waiting = batch.length === 0 ? undefined : send(batch);
          if (waiting !== undefined || this.#ended) resolve(waiting);
          else this.#wake = wake;
        } catch (error) {
          reject(error instanceof Error ? error : new Error('events were not sent', { cause: error }));
        }
      };
      const wake = (): void => (this.#ended ? take() : sent.inTurn(take));
      if (this.#queue.length > 0) wake();
      else this.#wake = wake;
    });
  }

  #awake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #awoken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  get #beginsWithExisting(): boolean {
    const { afterRevision, sendInitialEvents } = this.#request;
    return sendInitialEvents ?? (afterRevision === undefined || afterRevision === 0);
  }

  /** A revision from the future is one of another store, such as the one before a reset: the reader must list again. */
  #requireKnown(revision: number): void {
    const { revision: current } = this.#resources.store;
    if (revision <= current) return;
    throw new StatusError('Expired', `Too large resource version: ${revision}, current: ${current}`);
  }

  #follow(): void {
    const { definition, namespace } = this.#request;
    const prefix = storePrefix(definition.type, namespace);
    try {
      this.#watch = this.#resources.store.watch(prefix, this.#start, (event) => this.#accept(event));
    } catch (error) {
      if (!(error instanceof RevisionCompacted)) throw error;
      throw new StatusError('Expired', `too old resource version: ${this.#start} (${error.oldest})`, { cause: error });
    }
  }

  *#initialEvents(): Iterable<WatchStreamEvent> {
    const { matcher, sendInitialEvents, bookmarks } = this.#request;
    const existing = this.#existing;
    this.#existing = [];
    for (const stored of existing) {
      const object = this.#resources.cache.parse(stored);
      if (matcher === undefined || matcher(object)) yield { type: 'ADDED', object };
    }
    if (sendInitialEvents === true && bookmarks)
      yield this.#bookmark(this.#start, { 'k8s.io/initial-events-end': 'true' });
  }

  #accept(change: StoreEvent): void {
    const { type, previous, revision } = change;
    const { cache, watches } = this.#resources;
    const wasSelected = previous !== undefined && this.#selects(previous);
    if (type === 'put' && this.#selects(change))
      this.#push(watches.tell(change, wasSelected ? 'MODIFIED' : 'ADDED', () => cache.parse(change)));
    else if (wasSelected)
      this.#push(watches.tell(change, 'DELETED', () => withResourceVersion(cache.parse(previous), revision)));
  }

  #selects(stored: StoredObject): boolean {
    const { matcher } = this.#request;
    return matcher === undefined || matcher(this.#resources.cache.parse(stored));
  }

  #push(event: WatchStreamEvent): void {
    if (this.#ended) return;
    if (this.#request.ignores?.(event) === true) return;
    if (this.#queue.length >= maximumBacklog) {
      this.#end();
      return;
    }
    this.#queue.push(event);
    this.#awake();
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

  /** Its reader, who now watches again, goes on from as near to the present as possible. */
  #expire(): void {
    if (this.#request.bookmarks) this.#push(this.#bookmark(this.#resources.store.revision));
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watch?.close();
    this.#cancelLife?.();
    this.#cancelBookmark?.();
    this.#awake();
  }
}

function* portions(events: Iterable<WatchStreamEvent>): Iterable<readonly WatchStreamEvent[]> {
  let portion: WatchStreamEvent[] = [];
  for (const event of events) {
    if (portion.push(event) < maximumPortion) continue;
    yield portion;
    portion = [];
  }
  if (portion.length > 0) yield portion;
}
