/** One object as it is kept: JSON text that already holds its own `metadata.resourceVersion`. */
export interface StoredObject {
  /** `/<group>/<plural>/<namespace>/<name>`; the core group and the scope of cluster-scoped objects are empty elements. */
  readonly key: string;
  readonly value: string;
  /** Revision of the last change. */
  readonly revision: number;
  /** Bytes of the value in UTF-8, noted when somebody has counted them: that takes longer than to write them. */
  bytes?: number;
}

export interface Mutation {
  readonly key: string;
  /** What the writer saw: the object's revision, or 0 for "does not exist". */
  readonly expected: number;
  /** The new JSON, which may name the revision that the write gets; `undefined` deletes. Called once, synchronously. */
  readonly encode: ((revision: number) => string) | undefined;
  /** Called once the write is visible, before watchers and the writer hear of it. Must not throw. */
  readonly onVisible?: ((revision: number) => void) | undefined;
}

export interface StoreEvent {
  readonly type: 'put' | 'delete';
  readonly key: string;
  readonly revision: number;
  /** The new object; for a deletion the last one. */
  readonly value: string;
  /** Absent for a creation. */
  readonly previous?: StoredObject | undefined;
}

export interface StoreWatch {
  close(): void;
}

/** Thrown by `write`: somebody else changed the object. `current` is undefined when it does not exist. Never thrown before `current` is durable. */
export class RevisionConflict extends Error {
  readonly key: string;
  readonly current: StoredObject | undefined;
  constructor(key: string, current: StoredObject | undefined) {
    super(`revision conflict on ${key}`);
    this.name = 'RevisionConflict';
    this.key = key;
    this.current = current;
  }
}

/** Thrown by `watch` and `listAt`: the revision is older than what is still known (`oldest`). */
export class RevisionCompacted extends Error {
  readonly oldest: number;
  constructor(revision: number, oldest: number) {
    super(`revision ${revision} has been compacted, the oldest known is ${oldest}`);
    this.name = 'RevisionCompacted';
    this.oldest = oldest;
  }
}

/** Thrown by `write` when the disk refuses: nothing was changed, reading goes on, the next write tries again. */
export class StoreUnavailable extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StoreUnavailable';
  }
}

/**
 * Every object under one revision counter. A write is acknowledged, and visible to readers and watchers, only when it is
 * durable; what is visible never goes back.
 */
export interface Store {
  /** Revision of the newest visible change. */
  readonly revision: number;
  get(key: string): StoredObject | undefined;
  /** All objects whose key starts with `prefix`, by key. */
  list(prefix: string): readonly StoredObject[];
  /** The same as it was right after `revision`, which is not past the newest; as far back as `watch` reaches. */
  listAt(prefix: string, revision: number): readonly StoredObject[];
  count(prefix: string): number;
  /** Applies one mutation; resolves with the revision that it got. */
  write(mutation: Mutation): Promise<number>;
  /** Every change after `afterRevision` to keys that start with `prefix`, in order, without a gap; then live. The listener is called synchronously and must not throw. */
  watch(prefix: string, afterRevision: number, listener: (event: StoreEvent) => void): StoreWatch;
  close(): Promise<void>;
}
