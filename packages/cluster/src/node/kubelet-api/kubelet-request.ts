/** A request to the node's own API, whatever carried it: the node's socket, or a call within the process. */
export interface KubeletRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: AsyncIterable<Uint8Array> | undefined;
  /** Ends what still streams. */
  readonly signal: AbortSignal;
}
