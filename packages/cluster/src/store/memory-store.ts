import { type Logger, silentLogger } from '@slipway/kube/logger';
import { type BatchPlan, planBatch, type PlannedWrite } from './batch.ts';
import { BatchLength, manyWrites } from './batch-length.ts';
import { defaultRingBounds, EventRing, type RingBounds } from './event-ring.ts';
import { type Journal, type JournalContents, type JournalEntry, memoryJournal } from './journal.ts';
import { resourceOf, SortedObjects } from './sorted-objects.ts';
import {
  type Mutation,
  RevisionCompacted,
  RevisionConflict,
  type Store,
  type StoredObject,
  type StoreEvent,
  StoreUnavailable,
  type StoreWatch,
} from './store.ts';

/** Writes that may wait for their turn; more means that the disk does not keep up. */
const maxWaitingWrites = 20_000;

interface PendingWrite {
  readonly mutation: Mutation;
  resolve(revision: number): void;
  reject(error: unknown): void;
}

/** On its way to the disk. */
interface BegunBatch {
  readonly plan: BatchPlan<PendingWrite>;
  readonly durable: Promise<void>;
}

interface Watcher {
  readonly prefix: string;
  readonly listener: (event: StoreEvent) => void;
  /** Everything up to this revision has been delivered. */
  seen: number;
  isClosed: boolean;
}

export interface MemoryStoreOptions {
  readonly journal?: Journal | undefined;
  /** What the journal held at the start. */
  readonly objects?: Iterable<StoredObject> | undefined;
  readonly revision?: number | undefined;
  readonly ring?: RingBounds | undefined;
  readonly logger?: Logger | undefined;
}

/**
 * All objects in memory, written through to a journal. Writes that arrive while a batch is being made durable wait and
 * become the next batch; they are decided only when it begins, against durable state, so a batch that fails takes
 * nothing else with it and leaves no trace.
 */
export class MemoryStore implements Store {
  readonly #journal: Journal;
  readonly #logger: Logger;
  readonly #objects = new SortedObjects();
  readonly #ring: EventRing;
  readonly #watchers = new Watchers();
  #revision: number;
  readonly #length = new BatchLength();
  #waiting: PendingWrite[] = [];
  #writing: Promise<void> | undefined;
  readonly #contents = (): JournalContents => ({ objects: this.#objects.list(''), revision: this.#revision });
  #closing: Promise<void> | undefined;

  constructor(options: MemoryStoreOptions = {}) {
    this.#journal = options.journal ?? memoryJournal;
    this.#logger = options.logger ?? silentLogger;
    this.#revision = options.revision ?? 0;
    this.#ring = new EventRing(this.#revision, options.ring ?? defaultRingBounds);
    for (const object of options.objects ?? []) this.#objects.set(object);
  }

  get revision(): number {
    return this.#revision;
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  list(prefix: string): readonly StoredObject[] {
    return this.#objects.list(prefix);
  }

  listAt(prefix: string, revision: number): readonly StoredObject[] {
    this.#requireKnown(revision);
    const later = this.#ring.after(revision).filter(({ key }) => key.startsWith(prefix));
    return later.length === 0 ? this.list(prefix) : withoutEvents(this.list(prefix), later);
  }

  count(prefix: string): number {
    return this.#objects.count(prefix);
  }

  write(mutation: Mutation): Promise<number> {
    if (this.#closing !== undefined) return Promise.reject(new StoreUnavailable('the store is closed'));
    if (this.#waiting.length >= maxWaitingWrites) {
      return Promise.reject(
        new StoreUnavailable(`${maxWaitingWrites} writes already wait for the disk; try again later`),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ mutation, resolve, reject });
      this.#writing ??= this.#writeBatches();
    });
  }

  watch(prefix: string, afterRevision: number, listener: (event: StoreEvent) => void): StoreWatch {
    this.#requireKnown(afterRevision);
    const watcher: Watcher = { prefix, listener, seen: afterRevision, isClosed: false };
    this.#watchers.add(watcher);
    for (const event of this.#ring.after(afterRevision)) this.#deliver(watcher, event);
    return { close: () => this.#watchers.delete(watcher) };
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  #requireKnown(revision: number): void {
    if (revision < this.#ring.compacted) throw new RevisionCompacted(revision, this.#ring.compacted);
  }

  async #finish(): Promise<void> {
    await this.#writing;
    this.#watchers.clear();
    await this.#journal.close(this.#contents);
  }

  async #writeBatches(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#journal.gather();
      let batch: BegunBatch | undefined = this.#begin();
      while (batch !== undefined) batch = await this.#end(batch);
    }
    this.#writing = undefined;
  }

  #begin(): BegunBatch {
    const length = this.#length.next(this.#waiting.length);
    const writes = this.#waiting.slice(0, length);
    this.#waiting = this.#waiting.slice(length);
    const plan = planBatch(writes, this);
    for (const { write, error } of plan.refused) write.reject(error);
    const entries = plan.accepted.map(toJournalEntry);
    return { plan, durable: entries.length === 0 ? Promise.resolve() : this.#journal.append(entries, this.#contents) };
  }

  /**
   * Resolves with the next batch where many have waited for the end of this one: it is on its way to the disk before anybody
   * hears of this one, which takes as long, so that neither has to wait for the other.
   */
  async #end({ plan, durable }: BegunBatch): Promise<BegunBatch | undefined> {
    const { accepted, conflicting } = plan;
    try {
      await durable;
    } catch (error) {
      for (const { write } of accepted) write.reject(error);
      for (const write of conflicting) write.reject(error);
      return undefined;
    }
    this.#makeVisible(accepted);
    for (const write of conflicting) {
      write.reject(new RevisionConflict(write.mutation.key, this.get(write.mutation.key)));
    }
    const isWorthwhile = this.#waiting.length >= Math.max(manyWrites, accepted.length / 2);
    const next = isWorthwhile ? this.#begin() : undefined;
    this.#tell(accepted);
    return next;
  }

  #makeVisible(accepted: readonly PlannedWrite<PendingWrite>[]): void {
    for (const { write, event, object } of accepted) {
      if (object === undefined) this.#objects.delete(event.key);
      else this.#objects.set(object);
      this.#revision = event.revision;
      this.#ring.push(event);
      write.mutation.onVisible?.(event.revision);
    }
  }

  /** The watchers of each change, then its writer. */
  #tell(accepted: readonly PlannedWrite<PendingWrite>[]): void {
    for (const { write, event } of accepted) {
      this.#watchers.forEach(event.key, (watcher) => this.#deliver(watcher, event));
      write.resolve(event.revision);
    }
  }

  /** A watch that begins inside a listener has read the event from the ring already. */
  #deliver(watcher: Watcher, event: StoreEvent): void {
    if (event.revision <= watcher.seen || watcher.isClosed) return;
    watcher.seen = event.revision;
    if (!event.key.startsWith(watcher.prefix)) return;
    try {
      watcher.listener(event);
    } catch (error) {
      // A listener that throws has missed an event and must not see later ones; the others and the writers are not at fault.
      this.#watchers.delete(watcher);
      this.#logger.error('a watch was ended because its listener failed', { key: event.key, error });
    }
  }
}

/** By the resource that they follow, since there are many and most follow one. */
class Watchers {
  readonly #byResource = new Map<string, Set<Watcher>>();

  add(watcher: Watcher): void {
    const resource = resourceOf(watcher.prefix) ?? '';
    const known = this.#byResource.get(resource);
    if (known === undefined) this.#byResource.set(resource, new Set([watcher]));
    else known.add(watcher);
  }

  delete(watcher: Watcher): void {
    watcher.isClosed = true;
    const resource = resourceOf(watcher.prefix) ?? '';
    const known = this.#byResource.get(resource);
    known?.delete(watcher);
    if (known?.size === 0) this.#byResource.delete(resource);
  }

  clear(): void {
    for (const watchers of this.#byResource.values()) for (const watcher of watchers) watcher.isClosed = true;
    this.#byResource.clear();
  }

  /** Those that may be concerned by a change of the key. */
  forEach(key: string, tell: (watcher: Watcher) => void): void {
    this.#byResource.get('')?.forEach(tell);
    const resource = resourceOf(key);
    if (resource !== undefined) this.#byResource.get(resource)?.forEach(tell);
  }
}

/** The objects as they were before the events, by key. Of several events to one key the first knows what was before. */
function withoutEvents(objects: readonly StoredObject[], events: readonly StoreEvent[]): readonly StoredObject[] {
  const before = new Map(events.toReversed().map(({ key, previous }) => [key, previous] as const));
  const untouched = objects.filter(({ key }) => !before.has(key));
  const restored = [...before.values()].filter((object) => object !== undefined);
  return [...untouched, ...restored].toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

function toJournalEntry({ event, object }: PlannedWrite<unknown>): JournalEntry {
  return object ?? { key: event.key, revision: event.revision, value: undefined };
}
