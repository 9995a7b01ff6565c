import type { KubeClient, Patch, WatchEvent } from '@slipway/kube/client';
import { keyString, type KubeObject, type ObjectKey, type ResourceType } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';

interface Change {
  readonly plural: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
  readonly revision: number;
}

/** As much of an API server as a gateway sees: lists, watches, applies of status and Leases, deletes. */
export class FakeCluster {
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #changes: Change[] = [];
  readonly #waiting = new Set<() => void>();
  #revision = 0;
  /** Every apply, in order. */
  readonly applied: { readonly plural: string; readonly key: string; readonly body: object }[] = [];
  readonly client: KubeClient;

  constructor() {
    const unsupported = (): never => {
      throw new StatusError('MethodNotAllowed', 'the fake cluster does not know this verb');
    };
    this.client = {
      get: async (type, key) => this.#find(type, key),
      list: async (type) => ({
        metadata: { resourceVersion: String(this.#revision) },
        items: [...this.#of(type).values()] as never[],
      }),
      watch: (type, options) =>
        this.#watch(type, Number(options.resourceVersion ?? 0), options.signal) as AsyncIterable<WatchEvent<never>>,
      patch: async (type, key, patch) => this.#apply(type, key, patch) as never,
      delete: async (type, key) => this.remove(type, key),
      create: unsupported,
      update: unsupported,
      deleteCollection: unsupported,
      request: unsupported,
    };
  }

  get revision(): number {
    return this.#revision;
  }

  get<T extends KubeObject>(type: ResourceType<T>, key: ObjectKey): T | undefined {
    return this.#of(type).get(keyString(key)) as T | undefined;
  }

  /** Creates or replaces; a changed spec is a new generation. */
  put<T extends KubeObject>(type: ResourceType<T>, object: T): T {
    const { namespace, name = '' } = object.metadata;
    const key = { namespace, name };
    const old = this.get(type, key);
    this.#revision += 1;
    const stored = {
      ...object,
      metadata: {
        creationTimestamp: '2026-01-01T00:00:00Z',
        ...object.metadata,
        uid: old?.metadata.uid ?? `uid-${this.#revision}`,
        generation:
          (old?.metadata.generation ?? 0) + (JSON.stringify(specOf(old)) === JSON.stringify(specOf(object)) ? 0 : 1),
        resourceVersion: String(this.#revision),
      },
    };
    this.#of(type).set(keyString(key), stored);
    this.#record({
      plural: type.plural,
      type: old === undefined ? 'ADDED' : 'MODIFIED',
      object: stored,
      revision: this.#revision,
    });
    return stored;
  }

  remove(type: ResourceType, key: ObjectKey): void {
    const old = this.#find(type, key);
    this.#revision += 1;
    this.#of(type).delete(keyString(key));
    this.#record({ plural: type.plural, type: 'DELETED', object: old, revision: this.#revision });
  }

  #apply(type: ResourceType, key: ObjectKey, patch: Patch): KubeObject {
    if (patch.type !== 'apply')
      throw new StatusError('UnsupportedMediaType', 'the fake cluster only knows server-side apply');
    this.applied.push({ plural: type.plural, key: keyString(key), body: patch.body });
    const old = this.get(type, key);
    if (old === undefined && 'status' in patch.body)
      throw new StatusError('NotFound', `${type.plural} ${key.name} not found`);
    const metadata = metadataOf(patch.body);
    if (old !== undefined && 'uid' in metadata && metadata.uid !== old.metadata.uid)
      throw new StatusError('Invalid', `${type.plural} ${key.name} is invalid: metadata.uid: field is immutable`);
    return this.put(type, {
      ...old,
      ...patch.body,
      metadata: { ...old?.metadata, name: key.name, namespace: key.namespace, ...metadata },
      ...specPart(old),
    });
  }

  #of(type: ResourceType): Map<string, KubeObject> {
    const known = this.#objects.get(type.plural) ?? new Map<string, KubeObject>();
    this.#objects.set(type.plural, known);
    return known;
  }

  #find<T extends KubeObject>(type: ResourceType<T>, key: ObjectKey): T {
    const found = this.get(type, key);
    if (found === undefined) throw new StatusError('NotFound', `${type.plural} ${key.name} not found`);
    return found;
  }

  #record(change: Change): void {
    this.#changes.push(change);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  async *#watch(type: ResourceType, from: number, signal: AbortSignal): AsyncGenerator<WatchEvent<KubeObject>> {
    let at = 0;
    while (!signal.aborted) {
      for (; at < this.#changes.length; at++) {
        const change = this.#changes[at];
        if (change?.plural === type.plural && change.revision > from)
          yield { type: change.type, object: change.object };
      }
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }
}

function specOf(object: KubeObject | undefined): unknown {
  return object !== undefined && 'spec' in object ? object.spec : undefined;
}

/** An apply of the status leaves the spec alone. */
function specPart(old: KubeObject | undefined): object {
  return old !== undefined && 'spec' in old && 'status' in old ? { spec: old.spec } : {};
}

function metadataOf(body: object): object {
  return 'metadata' in body && typeof body.metadata === 'object' ? (body.metadata ?? {}) : {};
}
