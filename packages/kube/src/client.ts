import type { KubeList, KubeObject, ObjectKey, ResourceType } from './object.ts';

/** A watch event. `ERROR` never reaches a caller: the iterable throws a `StatusError` instead (410 as reason `Expired` or `Gone`). */
export type WatchEvent<T extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** Carries nothing but `metadata.resourceVersion`: everything up to it has been sent. */
  | { readonly type: 'BOOKMARK'; readonly object: KubeObject };

export interface Selection {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface Reading extends Selection {
  /** Of every object the metadata and nothing else: what is secret does not even leave the server. */
  readonly metadataOnly?: boolean | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface WriteOptions extends CallOptions {
  readonly dryRun?: boolean | undefined;
  readonly fieldManager?: string | undefined;
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict' | undefined;
  /** `status` or `scale`; absent writes the object itself. */
  readonly subresource?: string | undefined;
}

export type Patch =
  | {
      readonly type: 'json';
      readonly body: ReadonlyArray<{
        readonly op: string;
        readonly path: string;
        readonly from?: string;
        readonly value?: unknown;
      }>;
    }
  | { readonly type: 'merge' | 'strategic'; readonly body: object }
  /** Server-side apply: `fieldManager` is required, `force` takes fields that others own. */
  | { readonly type: 'apply'; readonly body: object; readonly force?: boolean | undefined };

export interface DeleteOptions extends CallOptions {
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
  readonly gracePeriodSeconds?: number | undefined;
  readonly preconditions?:
    | { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined }
    | undefined;
  readonly dryRun?: boolean | undefined;
}

/** A request that is no verb on an object: logs, `pods/proxy`, discovery. The path includes the query. */
export interface RawRequest extends CallOptions {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | string | undefined;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Must be consumed or cancelled (by `return`ing from the iteration). */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * The Kubernetes API, over HTTP to any cluster or in process to the embedded one; a caller cannot tell which. Failures
 * are `StatusError`s; a network failure is a `StatusError` with reason `ServiceUnavailable` that keeps its cause.
 * Objects that are returned are the caller's; objects that are passed in are not changed.
 */
export interface KubeClient {
  get<T extends KubeObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    options?: CallOptions & { readonly subresource?: string | undefined },
  ): Promise<T>;
  list<T extends KubeObject>(
    type: ResourceType<T>,
    options?: Reading &
      CallOptions & {
        readonly limit?: number | undefined;
        readonly continue?: string | undefined;
        readonly resourceVersion?: string | undefined;
      },
  ): Promise<KubeList<T>>;
  /** Ends without an error when the server closes the stream or the signal aborts. */
  watch<T extends KubeObject>(
    type: ResourceType<T>,
    options: Reading & {
      readonly resourceVersion?: string | undefined;
      readonly allowWatchBookmarks?: boolean | undefined;
      readonly timeoutSeconds?: number | undefined;
      readonly signal: AbortSignal;
      /** What the reader has no use for, which may come all the same. */
      readonly ignores?: ((event: WatchEvent<T>) => boolean) | undefined;
    },
  ): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T>;
  /** With `metadata.resourceVersion` set, fails with `Conflict` unless it is the current one. */
  update<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(type: ResourceType<T>, key: ObjectKey, patch: Patch, options?: WriteOptions): Promise<T>;
  delete(type: ResourceType, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  deleteCollection(type: ResourceType, selection: Selection, options?: DeleteOptions): Promise<void>;
  request(request: RawRequest): Promise<RawResponse>;
}
