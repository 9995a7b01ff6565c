import type { KubeClient, Reading, WatchEvent } from './client.ts';
import { delay, type Clock } from './clock.ts';
import { silentLogger, type Logger } from './logger.ts';
import { deepFreeze } from './deep-freeze.ts';
import { keyOf, keyString, type KubeObject, type ObjectKey, type ResourceType } from './object.ts';
import { isStatusReason } from './status-error.ts';
import { limitTime, type TimeLimit } from './time-limit.ts';
import { calculateBackoff } from './workqueue.ts';

export interface InformerOptions<T extends KubeObject> extends Reading {
  readonly client: KubeClient;
  readonly type: ResourceType<T>;
  readonly clock: Clock;
  readonly logger?: Logger | undefined;
  readonly random?: (() => number) | undefined;
  /** Values under which an object is found by `byIndex`. */
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>> | undefined;
  /** Keeps only what the reader needs, to save memory. Must keep the metadata. */
  readonly transform?: ((object: T) => T) | undefined;
  /**
   * Which objects are kept, of many of which few matter; absent: all. Listeners hear of the others when they are deleted, and
   * that only while the watch goes on.
   */
  readonly keeps?: ((object: T) => boolean) | undefined;
  /** Freezes objects deeply, so that a reader that changes one is found out. For tests. */
  readonly freeze?: boolean | undefined;
}

export interface InformerChange<T extends KubeObject> {
  readonly key: string;
  readonly old: T | undefined;
  readonly current: T | undefined;
}

type Listener<T extends KubeObject> = (change: InformerChange<T>) => void;

/** What an API server gives a list itself. */
const maximumListMilliseconds = 60_000;
/** A stream without any event or bookmark for so long is taken for dead. API servers send a bookmark each minute, or a little later. */
const maximumSilenceMilliseconds = 120_000;
const maximumRetryMilliseconds = 10_000;
const healthyStreamMilliseconds = 1_000;

/**
 * A copy of one resource, kept current by list and watch. It outlives expired revisions, silent connections, lost
 * networks and restarts of the server; after each of them listeners see the difference, deletions included. Listeners are
 * called synchronously, in order, and must not throw. Objects are shared: do not change them.
 */
export class Informer<T extends KubeObject> {
  readonly #options: InformerOptions<T>;
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Map<string, Set<string>>>();
  readonly #listeners = new Set<Listener<T>>();
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;
  /** In a row: a healthy stream ends it, however the stream itself ends. */
  #failures = 0;
  #lists = 0;
  #resourceVersion = '';
  /** Events that an API server in this process has not left out, and that have not arrived yet. */
  #underWay = 0;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    for (const name of Object.keys(options.indexes ?? {})) this.#indexes.set(name, new Map());
  }

  start(signal: AbortSignal): void {
    void this.#run(signal);
  }

  synced(): Promise<void> {
    return this.#synced.promise;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** How often it has listed: of what it does not keep, nobody has heard what was deleted just before. */
  get lists(): number {
    return this.#lists;
  }

  /** Up to where this copy is current. */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(keyString(key));
  }

  list(namespace?: string): readonly T[] {
    const all = [...this.#objects.values()];
    return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace);
  }

  byIndex(name: string, value: string): readonly T[] {
    const found: T[] = [];
    for (const key of this.#indexOf(name).get(value) ?? []) {
      const object = this.#objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }

  /** How many `byIndex` would find. */
  countByIndex(name: string, value: string): number {
    return this.#indexOf(name).get(value)?.size ?? 0;
  }

  /**
   * Takes in one that was read otherwise and that it had not kept; what it has of the same uid is as new. False where it has
   * another one of that name, of whose end it has not heard yet.
   */
  keep(object: T): boolean {
    const kept = this.#objects.get(keyString(keyOf(object)));
    if (kept === undefined) this.#put(object, true);
    return kept === undefined || kept.metadata.uid === object.metadata.uid;
  }

  /** Also replays what exists already. Returns the way to stop. */
  onChange(listener: Listener<T>): () => void {
    this.#listeners.add(listener);
    for (const [key, current] of this.#objects) listener({ key, old: undefined, current });
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === '') await this.#relist(signal);
        const outcome = await this.#watch(signal);
        // A server that closes each stream at once must not be asked in a busy loop.
        if (outcome === 'ended early') await this.#pause(signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#recover(error, signal);
      }
    }
  }

  /** A revision that the server cannot go on from is answered by a list at once, everything else by trying again a little later. */
  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { logger = silentLogger, type } = this.#options;
    if (isUnusableRevision(error)) {
      this.#resourceVersion = '';
      if (this.#failures === 0) {
        this.#failures = 1;
        return;
      }
    } else {
      logger.warn('watch failed, trying again', { kind: type.kind, error });
    }
    await this.#pause(signal);
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { clock, random = () => 0.5 } = this.#options;
    const wait = Math.min(maximumRetryMilliseconds, 10 * calculateBackoff(this.#failures, random()));
    this.#failures += 1;
    // An abort ends the wait early; the loop sees it.
    await delay(clock, wait, signal).catch(() => undefined);
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const { client, type, namespace, labelSelector, fieldSelector, metadataOnly } = this.#options;
    using limit = this.#limitSilence(maximumListMilliseconds, signal);
    const selection = { namespace, labelSelector, fieldSelector, metadataOnly };
    const list = await client.list(type, { ...selection, signal: limit.signal });
    const gone = new Set(this.#objects.keys());
    for (const item of list.items) {
      gone.delete(keyString(keyOf(item)));
      this.#put(item);
    }
    for (const key of gone) this.#remove(key);
    this.#lists += 1;
    this.#resourceVersion = list.metadata.resourceVersion ?? '0';
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  async #watch(signal: AbortSignal): Promise<'ended' | 'ended early'> {
    const { client, clock, type, namespace, labelSelector, fieldSelector, metadataOnly } = this.#options;
    using silence = this.#limitSilence(maximumSilenceMilliseconds, signal);
    const startedAt = clock.monotonic();
    this.#underWay = 0;
    const isHealthy = (): boolean => clock.monotonic() - startedAt >= healthyStreamMilliseconds;
    const events = client.watch(type, {
      namespace,
      labelSelector,
      fieldSelector,
      metadataOnly,
      resourceVersion: this.#resourceVersion,
      allowWatchBookmarks: true,
      signal: silence.signal,
      ignores: this.#options.keeps === undefined ? undefined : (event) => this.#ignores(event),
    });
    for await (const event of events) {
      silence.restart();
      this.#underWay = Math.max(0, this.#underWay - 1);
      this.#accept(event);
      if (isHealthy()) this.#failures = 0;
    }
    if (!isHealthy()) return 'ended early';
    this.#failures = 0;
    return 'ended';
  }

  /** Silence for too long is how a connection shows that was lost without a word. */
  #limitSilence(milliseconds: number, signal: AbortSignal): TimeLimit {
    const { clock } = this.#options;
    return limitTime({ clock, milliseconds, signal, message: `nothing arrived for ${milliseconds} ms` });
  }

  #accept(event: WatchEvent<T>): void {
    const version = event.object.metadata.resourceVersion;
    if (event.type === 'DELETED') this.#remove(keyString(keyOf(event.object)), event.object);
    else if (event.type !== 'BOOKMARK') this.#put(event.object);
    if (version !== undefined) this.#resourceVersion = version;
  }

  /**
   * Whether nothing would be done with it. An object that is known from now on, by an event that is still under way, is not
   * yet among those that are known here.
   */
  #ignores({ type, object }: WatchEvent<T>): boolean {
    const isChange = type === 'ADDED' || type === 'MODIFIED';
    if (
      isChange &&
      this.#underWay === 0 &&
      this.#options.keeps?.(object) === false &&
      !this.#objects.has(keyString(keyOf(object)))
    )
      return true;
    this.#underWay += 1;
    return false;
  }

  #put(received: T, isKept = this.#options.keeps?.(received) ?? true): void {
    if (!isKept) return this.#remove(keyString(keyOf(received)));
    const { transform, freeze } = this.#options;
    const object = transform === undefined ? received : transform(received);
    if (freeze === true) deepFreeze(object);
    const key = keyString(keyOf(object));
    const old = this.#objects.get(key);
    if (
      old !== undefined &&
      old.metadata.resourceVersion === object.metadata.resourceVersion &&
      old.metadata.uid === object.metadata.uid
    )
      return;
    this.#objects.set(key, object);
    this.#reindex(key, old, object);
    this.#notify({ key, old, current: object });
  }

  /** `last` is the final state that the deletion carried, newer than the one kept. */
  #remove(key: string, last?: T): void {
    const old = this.#objects.get(key);
    if (last !== undefined && this.#options.keeps !== undefined && old?.metadata.uid !== last.metadata.uid) {
      // What is kept of that name has come after it.
      this.#notify({ key, old: last, current: old });
      return;
    }
    if (old === undefined) return;
    this.#objects.delete(key);
    this.#reindex(key, old, undefined);
    this.#notify({ key, old: last ?? old, current: undefined });
  }

  #notify(change: InformerChange<T>): void {
    for (const listener of this.#listeners) listener(change);
  }

  #indexOf(name: string): ReadonlyMap<string, ReadonlySet<string>> {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`the informer of ${this.#options.type.plural} has no index named ${name}`);
    return index;
  }

  #reindex(key: string, old: T | undefined, current: T | undefined): void {
    for (const [name, valuesOf] of Object.entries(this.#options.indexes ?? {})) {
      const index = this.#indexes.get(name);
      if (index === undefined) continue;
      for (const value of old === undefined ? [] : valuesOf(old)) dropFromIndex(index, value, key);
      for (const value of current === undefined ? [] : valuesOf(current)) addToIndex(index, value, key);
    }
  }
}

/** Too old, or newer than anything that the server has: its data were replaced by older ones. */
function isUnusableRevision(error: unknown): boolean {
  if (isStatusReason(error, 'Expired', 'Gone')) return true;
  return (
    isStatusReason(error, 'Timeout') &&
    error.details?.causes?.some(({ reason }) => reason === 'ResourceVersionTooLarge') === true
  );
}

function addToIndex(index: Map<string, Set<string>>, value: string, key: string): void {
  const keys = index.get(value);
  if (keys === undefined) index.set(value, new Set([key]));
  else keys.add(key);
}

function dropFromIndex(index: Map<string, Set<string>>, value: string, key: string): void {
  const keys = index.get(value);
  keys?.delete(key);
  if (keys?.size === 0) index.delete(value);
}
