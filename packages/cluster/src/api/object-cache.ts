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
 * two generations: when the young one is full, it becomes the old one, and who was in that one and not used since is gone.
 */
export class ObjectCache {
  readonly #generation: number;
  readonly #freezes: boolean;
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();

  constructor({ maximum = 5_000, freeze = false }: ObjectCacheOptions = {}) {
    this.#generation = Math.max(1, Math.floor(maximum / 2));
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

  forget(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  #find(key: string): Entry | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.#put(key, old);
    return old;
  }

  #put(key: string, entry: Entry): void {
    if (this.#freezes) deepFreeze(entry.object);
    this.#young.set(key, entry);
    if (this.#young.size <= this.#generation) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}

/** The newest one stays, whichever is asked for last. */
function withRevision(known: Entry | undefined, next: Omit<Entry, 'previous'>): Entry {
  const { revision, object } = next;
  if (known === undefined) return { revision, object, previous: undefined };
  if (revision < known.revision) return { revision: known.revision, object: known.object, previous: next };
  return { revision, object, previous: { revision: known.revision, object: known.object } };
}
