import type { KubeObject } from './object.ts';

/**
 * How a client's requests reach an API server: over HTTP (`http-transport.ts`) or by a call within the process (the
 * embedded cluster's API implements this interface). JSON bodies travel as values, so that the in-process way neither
 * serializes nor parses; the receiver must not change a body and the sender must not change it afterwards.
 */
export interface Transport {
  send(request: TransportRequest): Promise<TransportResponse>;
}

export interface TransportRequest {
  readonly method: string;
  /** Path without query, percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The query as it was sent, for requests that are passed on: writing `query` again might change what it means. */
  readonly rawQuery?: string | undefined;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: JsonBody | { readonly bytes: Uint8Array } | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Of a watch: what would be read for nothing. An API server in the same process asks of each event, in order, and leaves out
   * what is ignored; no other one hears of it.
   */
  readonly ignores?: ((event: { readonly type: string; readonly object: KubeObject }) => boolean) | undefined;
}

export interface JsonBody {
  readonly json: unknown;
  /** What was said twice in the text that the value was read from, each in a few words. */
  readonly repeated?: readonly string[];
}

export type TransportBody =
  /** A complete JSON answer. Shared: never change it. */
  | { readonly kind: 'json'; readonly value: unknown }
  /** A watch: one value an event, each `{type, object}`. */
  | {
      readonly kind: 'watch';
      readonly events: AsyncIterable<unknown>;
      /**
       * The same for whoever sends them on, who is called with as many at once as have happened since the last call, and not
       * again before what he returns has resolved. Resolves with the end. One of both is read.
       */
      readonly follow?: ((send: SendBatch) => Promise<void>) | undefined;
    }
  /** Anything else: logs, proxied answers. */
  | { readonly kind: 'bytes'; readonly chunks: AsyncIterable<Uint8Array> };

export type SendBatch = (batch: readonly unknown[]) => Promise<void> | undefined;

export interface TransportResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: TransportBody;
}
