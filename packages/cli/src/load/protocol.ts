/** What the load generator and the process that started it tell each other, a JSON object a line. */

export interface LoadOptions {
  /** `http://127.0.0.1:port` of the gateway. */
  readonly target: string;
  readonly host: string;
  readonly path: string;
  /** Requests a second, whatever the answers do. */
  readonly rate: number;
  /** From its intended start on; later a request has failed. Default 5,000. */
  readonly patienceMilliseconds?: number | undefined;
  /** Bodies that count as right. */
  readonly versions: readonly string[];
}

export type LoadCommand =
  | { readonly kind: 'versions'; readonly versions: readonly string[] }
  | { readonly kind: 'stop' };

export interface LoadFailure {
  /** Milliseconds since the load began. */
  readonly at: number;
  readonly reason: string;
}

export interface LoadReport {
  readonly sent: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly byVersion: Readonly<Record<string, number>>;
  /** When the last request left that a version answered, in milliseconds since 1970. */
  readonly lastSent: Readonly<Record<string, number>>;
  /** Milliseconds from the intended start. */
  readonly p50: number;
  readonly p99: number;
  /** The first of them. */
  readonly failures: readonly LoadFailure[];
  /** How many commands have been obeyed. */
  readonly commands: number;
  /** Every request has ended and no more will be sent. */
  readonly isFinal: boolean;
}
