import type { Duplex } from 'node:stream';
import type { RawRequest, RawResponse } from '@slipway/kube/client';

/** How the API server reaches the agent of a node, for logs and proxied requests. Rejects with a `ServiceUnavailable` when it cannot. */
export interface NodeConnector {
  request(nodeName: string, request: RawRequest): Promise<RawResponse>;
  /** Asks for a connection of streams. Absent where nothing runs. */
  upgrade?(nodeName: string, request: UpgradeRequest): Promise<UpgradeAnswer>;
}

export interface UpgradeRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type UpgradeAnswer =
  | {
      readonly kind: 'streams';
      /** As they came, names and values in turn. */
      readonly rawHeaders: readonly string[];
      readonly connection: Duplex;
    }
  | { readonly kind: 'refused'; readonly response: RawResponse };
