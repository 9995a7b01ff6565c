import type { RawRequest, RawResponse } from '@slipway/kube/client';

/** How the API server reaches the agent of a node, for logs and proxied requests. Rejects with a `ServiceUnavailable` when it cannot. */
export interface NodeConnector {
  request(nodeName: string, request: RawRequest): Promise<RawResponse>;
}
