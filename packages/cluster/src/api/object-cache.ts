import { deepFreeze } from '@slipway/kube/deep-freeze';
import type { KubeObject } from '@slipway/kube/object';
import type { StoredObject } from '../store/store.ts';
import { rememberText } from './stored-text.ts';

interface Entry {
  readonly revision: number;
  readonly object: KubeObject;
  /** What it was before: every watcher of a change asks for both. */
  readonly previous: Omit<Entry, 'previous'> | undefined;
}

export interface ObjectCacheOptions {
  readonly maximum?: number | undefined;
  /** Freezes objects deeply, so that a reader that changes one is found out. For tests. */
  readonly freeze?: boolean | undefined;
}

/**
 * Parsed forms of stored objects, the most recently used ones. The store keeps text; most reads want objects. They are in
 * two generations: who is used comes into the young one, and of the old one they are forgotten one by one where there are
 * too many. When that is used up, the young one becomes the old one. As many as may be kept are, in whatever order they are
 * read again and again.
 */
export class ObjectCache {
  readonly #maximum: number;
  readonly #freezes: boolean;
  /** What has just come to be, as long as its watchers and its writer are told. */
  #forNow = new Map<string, Entry>();
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();
  /** Goes once over the old ones: a map that is asked for its first key each time passes over all that were there. */
  #oldest = this.#old.keys();

  constructor({ maximum = 5_000, freeze = false }: ObjectCacheOptions = {}) {
    this.#maximum = maximum;
    this.#freezes = freeze;
  }

  /** Shared: never change it. */
  parse(stored: StoredObject): KubeObject {
    const known = this.#find(stored.key);
    if (known?.revision === stored.revision) return known.object;
    if (known?.previous?.revision === stored.revision) return known.previous.object;
    const object: KubeObject = JSON.parse(stored.value);
    rememberText(object, stored.value);
    this.#put(stored.key, withRevision(known, { revision: stored.revision, object }));
    return object;
  }

  /** The text is its JSON. */
  remember({ key, revision, value }: StoredObject, object: KubeObject): void {
    rememberText(object, value);
    this.#put(key, withRevision(this.#find(key), { revision, object }));
  }

  /**
   * The same for one that is new, until `forgetForNow`: all who are told of it get this one. To keep what nobody asks for
   * soon again costs more than to read it once more, since it outlives the garbage of its moment.
   */
  rememberForNow({ key, revision, value }: StoredObject, object: KubeObject): void {
    if (this.#freezes) deepFreeze(object);
    rememberText(object, value);
    this.#forNow.set(key, { revision, object, previous: undefined });
  }

  /**
   * A map that is old takes its memory from the old heap whenever what is in it has changed often enough, and what it leaves
   * there keeps all that was in it then until everything is collected. A new one has not become old.
   */
  forgetForNow(key: string): void {
    this.#forNow.delete(key);
    if (this.#forNow.size === 0) this.#forNow = new Map();
  }

  forget(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  #find(key: string): Entry | undefined {
    const forNow = this.#forNow.get(key);
    if (forNow !== undefined) return forNow;
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.#put(key, old);
    return old;
  }

  #put(key: string, entry: Entry): void {
    if (this.#freezes) deepFreeze(entry.object);
    this.#young.set(key, entry);
    if (this.#young.size + this.#old.size > this.#maximum) this.#forgetOldest();
    if (this.#old.size > 0 || this.#young.size <= this.#maximum / 2) return;
    this.#old = this.#young;
    this.#oldest = this.#old.keys();
    this.#young = new Map();
  }

  #forgetOldest(): void {
    const { value: key } = this.#oldest.next();
    if (key !== undefined) this.#old.delete(key);
  }
}

/** The newest one stays, whichever is asked for last. */
function withRevision(known: Entry | undefined, next: Omit<Entry, 'previous'>): Entry {
  const { revision, object } = next;
  if (known === undefined) return { revision, object, previous: undefined };
  if (revision < known.revision) return { revision: known.revision, object: known.object, previous: next };
  return { revision, object, previous: { revision: known.revision, object: known.object } };
}
