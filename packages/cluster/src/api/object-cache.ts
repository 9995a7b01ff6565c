import type { KubeObject } from '@slipway/kube/object';
import type { StoredObject } from '../store/store.ts';
import { rememberText } from './stored-text.ts';

interface Entry {
  readonly revision: number;
  readonly object: KubeObject;
  /** What it was before: every watcher of a change asks for both. */
  readonly previous: Omit<Entry, 'previous'> | undefined;
}

/** Parsed forms of stored objects, the most recently used ones. The store keeps text; most reads want objects. */
export class ObjectCache {
  readonly #maximum: number;
  readonly #entries = new Map<string, Entry>();

  constructor(maximum = 5_000) {
    this.#maximum = maximum;
  }

  /** Shared: never change it. */
  parse(stored: StoredObject): KubeObject {
    const cached = this.#entries.get(stored.key);
    const known = [cached, cached?.previous].find((each) => each?.revision === stored.revision);
    if (known !== undefined) return known.object;
    const object: KubeObject = JSON.parse(stored.value);
    rememberText(object, stored.value);
    this.remember(stored.key, stored.revision, object);
    return object;
  }

  remember(key: string, revision: number, object: KubeObject): void {
    const known = this.#entries.get(key);
    this.#entries.delete(key);
    this.#entries.set(key, withRevision(known, { revision, object }));
    if (this.#entries.size <= this.#maximum) return;
    const oldest = this.#entries.keys().next().value;
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }
}

/** The newest one stays, whichever is asked for last. */
function withRevision(known: Entry | undefined, next: Omit<Entry, 'previous'>): Entry {
  if (known !== undefined && next.revision < known.revision) return { ...known, previous: next };
  return { ...next, previous: known === undefined ? undefined : { revision: known.revision, object: known.object } };
}
