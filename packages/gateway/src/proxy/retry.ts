/** What is known of a request whose connection ended before an answer began. */
export interface FailedTry {
  readonly method: string;
  /** All that was sent of the body is still here. */
  readonly isBodyKept: boolean;
  readonly wasConnected: boolean;
  /** The connection had carried requests before. */
  readonly wasReused: boolean;
  /** Part of an answer's head has arrived. */
  readonly hasAnswerBegun: boolean;
  readonly otherTries: number;
  readonly freshTries: number;
}

/** RFC 9110, 9.2.2: sending them twice is as good as once. */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

const maxFreshTries = 3;

/** Whether it does not matter if a request is carried out twice. */
export function isRepeatable(method: string): boolean {
  return idempotent.has(method);
}

/**
 * Whether a request may be sent again.
 *
 * A pod that cannot be reached never got the request: once to another pod. Otherwise it may have been carried out, and
 * only methods for which that does not matter are sent again (RFC 9110, 9.2.2: a proxy must not do more). A kept
 * connection that ends without a byte of answer was probably closed by the backend while the request was on its way: the
 * same pod on a new connection. Else another pod, once.
 */
export function planRetry(failed: FailedTry): 'no' | 'freshConnection' | 'otherPod' {
  if (!failed.isBodyKept) return 'no';
  if (!failed.wasConnected) return failed.otherTries > 0 ? 'no' : 'otherPod';
  if (!isRepeatable(failed.method)) return 'no';
  if (failed.wasReused && !failed.hasAnswerBegun) return failed.freshTries < maxFreshTries ? 'freshConnection' : 'no';
  return failed.otherTries > 0 ? 'no' : 'otherPod';
}
