/**
 * Options of Fastify by which a request has come whole after so many milliseconds, head and body, or is answered 408. By itself
 * Node gives the head of a request a minute, within which a body that trickles in is not looked at, and looks twice a minute.
 */
export function limitSlowRequests(milliseconds: number) {
  return {
    requestTimeout: milliseconds,
    // Who sends headers by drops holds no connection for long.
    connectionTimeout: milliseconds,
    http: {
      requestTimeout: milliseconds,
      headersTimeout: milliseconds,
      connectionsCheckingInterval: milliseconds / 6,
    },
  };
}
