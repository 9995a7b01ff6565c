import type { KubeObject } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';
import { RevisionConflict, StoreUnavailable, type Store, type StoredObject } from '../store/store.ts';
import { alreadyExists, conflict, notFound, staleObject } from './api-errors.ts';
import { ObjectCache, type ObjectCacheOptions } from './object-cache.ts';
import { storeKey, storePrefix } from './object-key.ts';
import { OpenWatches } from './open-watches.ts';
import type { ResourceDefinition } from '../schema/definition.ts';
import { noteWritten, storedForm } from '../schema/written-form.ts';

/** Which object of which resource. */
export interface Target {
  readonly definition: ResourceDefinition;
  readonly namespace: string | undefined;
  readonly name: string;
}

/** How often a write that named no resourceVersion starts again when others change the object meanwhile. */
const maximumAttempts = 16;

/** Objects in the store: parsed, with their resourceVersion, and with failures in the words of the API. */
export class ResourceStore {
  readonly store: Store;
  readonly cache: ObjectCache;
  readonly watches = new OpenWatches();

  constructor(store: Store, options: ObjectCacheOptions = {}) {
    this.store = store;
    this.cache = new ObjectCache(options);
  }

  get({ definition, namespace, name }: Target): KubeObject {
    const stored = this.store.get(storeKey(definition.type, namespace, name));
    if (stored === undefined) throw notFound(definition.type, name);
    return this.cache.parse(stored);
  }

  find({ definition, namespace, name }: Target): KubeObject | undefined {
    const stored = this.store.get(storeKey(definition.type, namespace, name));
    return stored === undefined ? undefined : this.cache.parse(stored);
  }

  list(definition: ResourceDefinition, namespace: string | undefined): readonly StoredObject[] {
    return this.store.list(storePrefix(definition.type, namespace));
  }

  async create(target: Target, object: KubeObject): Promise<KubeObject> {
    const key = storeKey(target.definition.type, target.namespace, target.name);
    try {
      return await this.#write(key, { expected: 0, isForNow: !target.definition.hasStatus }, object);
    } catch (error) {
      throw error instanceof RevisionConflict ? alreadyExists(target.definition.type, target.name) : translated(error);
    }
  }

  /**
   * Changes an object as `change` says, which sees the current one as it would be written now and returns the new one, the same one (nothing is
   * written) or undefined (it is deleted). `resourceVersion` is the one that the writer saw, if it says so.
   */
  async update(
    target: Target,
    change: (current: KubeObject) => KubeObject | undefined,
    resourceVersion?: string,
  ): Promise<KubeObject> {
    const { type } = target.definition;
    const key = storeKey(type, target.namespace, target.name);
    for (let attempt = 0; attempt < maximumAttempts; attempt++) {
      const stored = this.store.get(key);
      if (stored === undefined) throw notFound(type, target.name);
      if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== String(stored.revision))
        throw conflict(type, target.name, staleObject);
      const current = storedForm(this.cache.parse(stored), target.definition.schema);
      const next = change(current);
      if (next === current) return current;
      try {
        return next === undefined
          ? await this.#delete(key, stored.revision, current)
          : await this.#write(key, { expected: stored.revision, isForNow: false }, next);
      } catch (error) {
        if (!(error instanceof RevisionConflict)) throw translated(error);
      }
    }
    throw conflict(type, target.name, staleObject);
  }

  /** `isForNow`: mostly nobody reads it soon again; of an object with a status somebody soon says how it is. */
  async #write(
    key: string,
    { expected, isForNow }: { readonly expected: number; readonly isForNow: boolean },
    object: KubeObject,
  ): Promise<KubeObject> {
    let stamped = object;
    let value = '';
    await this.store.write({
      key,
      expected,
      encode: (assigned) => {
        stamped = withResourceVersion(object, assigned);
        noteWritten(stamped);
        value = JSON.stringify(stamped);
        return value;
      },
      // Watchers are told next: they need not read what was just written.
      onVisible: (revision) => {
        const stored = { key, revision, value };
        if (isForNow) this.cache.rememberForNow(stored, stamped);
        else this.cache.remember(stored, stamped);
      },
    });
    if (isForNow) this.cache.forgetForNow(key);
    return stamped;
  }

  async #delete(key: string, expected: number, object: KubeObject): Promise<KubeObject> {
    const revision = await this.store.write({ key, expected, encode: undefined });
    this.cache.forget(key);
    return withResourceVersion(object, revision);
  }
}

export function withResourceVersion(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

function translated(error: unknown): unknown {
  return error instanceof StoreUnavailable
    ? new StatusError('ServiceUnavailable', error.message, { cause: error })
    : error;
}
