/** The little of an API server that a node agent meets, in memory: objects, watches, graceful deletion of pods. */
import type { KubeClient, Patch, WatchEvent } from '@slipway/kube/client';
import { keyOf, keyString, type KubeObject, type ObjectKey, type ResourceType } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';

type Listener = (event: WatchEvent<KubeObject>) => void;

export class FakeNodeApi {
  readonly #objects = new Map<string, KubeObject>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #waiting: Array<() => void> = [];
  #revision = 0;
  readonly client: KubeClient = {
    get: async <T extends KubeObject>(type: ResourceType<T>, key: ObjectKey) => this.get(type, key),
    list: async <T extends KubeObject>(
      type: ResourceType<T>,
      options: { fieldSelector?: string | undefined } = {},
    ) => ({
      metadata: { resourceVersion: String(this.#revision) },
      items: this.list(type).filter(matches(options.fieldSelector)),
    }),
    watch: <T extends KubeObject>(
      type: ResourceType<T>,
      options: { fieldSelector?: string | undefined; signal: AbortSignal },
    ) => this.#watch(type, options),
    create: async <T extends KubeObject>(type: ResourceType<T>, object: T) => this.create(type, object),
    update: async <T extends KubeObject>(type: ResourceType<T>, object: T) => this.#put(type, object, 'MODIFIED'),
    patch: async <T extends KubeObject>(type: ResourceType<T>, key: ObjectKey, patch: Patch) =>
      this.patch(type, key, patch.body),
    delete: async (type: ResourceType, key: ObjectKey, options: { gracePeriodSeconds?: number | undefined } = {}) =>
      this.delete(type, key, options.gracePeriodSeconds ?? 0),
    deleteCollection: () => Promise.reject(new Error('not part of this fake')),
    request: () => Promise.reject(new Error('not part of this fake')),
  };

  get<T extends KubeObject>(type: ResourceType<T>, key: ObjectKey): T {
    const found = this.#objects.get(pathOf(type, key));
    if (found === undefined) throw new StatusError('NotFound', `${type.plural} "${key.name}" not found`);
    return found as T;
  }

  list<T extends KubeObject>(type: ResourceType<T>): readonly T[] {
    return [...this.#objects].filter(([path]) => path.startsWith(`${type.plural}/`)).map(([, object]) => object as T);
  }

  create<T extends KubeObject>(type: ResourceType<T>, object: T): T {
    if (this.#objects.has(pathOf(type, keyOf(object))))
      throw new StatusError('AlreadyExists', `${type.plural} "${keyOf(object).name}" already exists`);
    const metadata = { ...object.metadata, uid: object.metadata.uid ?? `uid-${this.#revision + 1}` };
    return this.#put(type, { ...object, metadata }, 'ADDED');
  }

  patch<T extends KubeObject>(type: ResourceType<T>, key: ObjectKey, body: object): T {
    return this.#put(type, merge(this.get(type, key), body) as T, 'MODIFIED');
  }

  delete(type: ResourceType, key: ObjectKey, graceSeconds: number): void {
    const object = this.get(type, key);
    if (graceSeconds > 0) {
      this.patch(type, key, {
        metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: graceSeconds },
      });
      return;
    }
    this.#objects.delete(pathOf(type, key));
    this.#revision++;
    this.#tell(type, { type: 'DELETED', object: withRevision(object, this.#revision) });
  }

  #put<T extends KubeObject>(type: ResourceType<T>, object: T, event: 'ADDED' | 'MODIFIED'): T {
    this.#revision++;
    const stored = withRevision(object, this.#revision);
    this.#objects.set(pathOf(type, keyOf(object)), stored);
    this.#tell(type, { type: event, object: stored });
    return stored as T;
  }

  /** Resolves after the next write. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #tell(type: ResourceType, event: WatchEvent<KubeObject>): void {
    for (const listener of this.#listeners.get(type.plural) ?? []) listener(event);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async *#watch<T extends KubeObject>(
    type: ResourceType<T>,
    { fieldSelector, signal }: { readonly fieldSelector?: string | undefined; readonly signal: AbortSignal },
  ): AsyncGenerator<WatchEvent<T>> {
    const queue: Array<WatchEvent<KubeObject>> = [];
    let wake = (): void => undefined;
    const listener: Listener = (event) => {
      if (matches(fieldSelector)(event.object)) queue.push(event);
      wake();
    };
    const listeners = this.#listeners.get(type.plural) ?? new Set();
    this.#listeners.set(type.plural, listeners.add(listener));
    signal.addEventListener('abort', () => wake(), { once: true });
    try {
      while (!signal.aborted) {
        const event = queue.shift();
        if (event === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else yield event as WatchEvent<T>;
      }
    } finally {
      listeners.delete(listener);
    }
  }
}

function pathOf(type: ResourceType, key: ObjectKey): string {
  return `${type.plural}/${keyString(key)}`;
}

function withRevision(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

/** Of the form `path.to.field=value`. */
function matches(fieldSelector: string | undefined): (object: KubeObject) => boolean {
  if (fieldSelector === undefined) return () => true;
  const [path = '', value] = fieldSelector.split('=');
  return (object) =>
    path.split('.').reduce<unknown>((at, name) => (isRecord(at) ? at[name] : undefined), object) === value;
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const base = isRecord(target) ? target : {};
  return {
    ...base,
    ...Object.fromEntries(Object.entries(patch).map(([name, value]) => [name, merge(base[name], value)])),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
