/** What the process with the long-lived clients tells the test, a JSON object a line; an end of its input stops it. */

export interface ClientOptions {
  /** `http://127.0.0.1:port` of the gateway. */
  readonly target: string;
  readonly host: string;
  /** How long a client waits for an answer, beyond what it asks for. Default 5,000. */
  readonly patienceMilliseconds?: number | undefined;
}

/** `slow`: a GET whose answer takes seconds; `post`: a body that comes back; `socket`: a WebSocket from its opening to its end. */
export const kinds = ['slow', 'post', 'socket'] as const;
export type Kind = (typeof kinds)[number];

export interface Count {
  readonly begun: number;
  readonly right: number;
  readonly failed: number;
}

/** One request or connection on the way. */
export interface Underway {
  readonly kind: Kind;
  readonly id: string;
  /** That has begun to answer, where one has. */
  readonly pod: string | undefined;
}

export interface ClientFailure extends Underway {
  readonly reason: string;
  /** Milliseconds since the clients began. */
  readonly at: number;
}

/** `begun = right + failed` when it is final; before, the rest is open. */
export interface ClientReport {
  readonly counts: Readonly<Record<Kind, Count>>;
  readonly underway: readonly Underway[];
  /** The first of them. */
  readonly failures: readonly ClientFailure[];
  /** WebSockets that were told to go elsewhere, with 1001. */
  readonly socketsToldToLeave: number;
  readonly isFinal: boolean;
}
