/**
 * A message that breaks HTTP/1.1 or could be read in two ways. It is never repaired: the connection is closed after the
 * answer, since where the next message begins is no longer certain.
 */
export class ProtocolError extends Error {
  /** The answer to a client that sent it. */
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.name = 'ProtocolError';
    this.status = status;
  }
}
