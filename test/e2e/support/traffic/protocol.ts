/**
 * What the process with the clients and the test tell each other, a JSON object a line; an end of its input stops it.
 * Every stream is all kinds of clients of one Application at one gateway.
 */
import type { LoadReport } from 'slipway/load/protocol';

export interface ClientOptions {
  /** `http://127.0.0.1:port` of the gateway. */
  readonly target: string;
  readonly host: string;
  /** How long a client waits for an answer, beyond what it asks for. Default 20,000. */
  readonly patienceMilliseconds?: number | undefined;
}

/** With nothing left to its default. */
export interface PatientOptions extends ClientOptions {
  readonly patienceMilliseconds: number;
}

/** How often the long-lived clients begin something. */
export interface Pace {
  readonly slowEveryMilliseconds: number;
  readonly postEveryMilliseconds: number;
  readonly uploadEveryMilliseconds: number;
  readonly webSockets: number;
  readonly messageEveryMilliseconds: number;
}

export interface StreamOptions extends ClientOptions {
  /** Short requests a second. */
  readonly rate: number;
  /** Whose answers count as right. */
  readonly versions: readonly string[];
  readonly pace?: Partial<Pace> | undefined;
}

export type TrafficCommand =
  | { readonly kind: 'versions'; readonly stream: number; readonly versions: readonly string[] }
  | { readonly kind: 'stop'; readonly stream: number }
  /** Only to say how things stand, which every command is answered with. */
  | { readonly kind: 'report' };

export interface StreamReport {
  readonly load: Omit<LoadReport, 'commands' | 'isFinal'>;
  readonly clients: ClientReport;
  /** Every request has ended and no more will be sent. */
  readonly isFinal: boolean;
}

export interface TrafficProcessReport {
  /** In the order of the options. */
  readonly streams: readonly StreamReport[];
  /** How many commands have been obeyed. */
  readonly commands: number;
}

/**
 * `slow`: a GET whose answer takes seconds; `post`: a body that comes back; `upload`: a body that takes seconds; `socket`: a
 * WebSocket from its opening to its end.
 */
export const kinds = ['slow', 'post', 'upload', 'socket'] as const;
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

/** `begun = right + failed` when nothing is under way. */
export interface ClientReport {
  readonly counts: Readonly<Record<Kind, Count>>;
  readonly underway: readonly Underway[];
  /** The first of them. */
  readonly failures: readonly ClientFailure[];
  /** WebSockets that were told to go elsewhere, with 1001. */
  readonly socketsToldToLeave: number;
}
