import type { KubeObject } from '@slipway/kube/object';
import type { StoredObject } from '../store/store.ts';

/** Parsed forms of stored objects, the most recently used ones. The store keeps text; most reads want objects. */
export class ObjectCache {
  readonly #maximum: number;
  readonly #entries = new Map<string, { readonly revision: number; readonly object: KubeObject }>();

  constructor(maximum = 5_000) {
    this.#maximum = maximum;
  }

  /** Shared: never change it. */
  parse(stored: StoredObject): KubeObject {
    const cached = this.#entries.get(stored.key);
    if (cached !== undefined && cached.revision === stored.revision) return cached.object;
    const object: KubeObject = JSON.parse(stored.value);
    this.remember(stored.key, stored.revision, object);
    return object;
  }

  remember(key: string, revision: number, object: KubeObject): void {
    this.#entries.delete(key);
    this.#entries.set(key, { revision, object });
    if (this.#entries.size <= this.#maximum) return;
    const oldest = this.#entries.keys().next().value;
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }
}
