/** How long the proxy lets things stand still, in ticks of a second. */

export const exchangeTicks = {
  connect: 3,
  /** Where there is no other pod to go to: the connection that is being made is as good as another one would be. */
  connectToLast: 16,
  response: 300,
  stalled: 60,
  /** A kernel that buffers megabytes lets us see a slow client move only now and then. */
  unread: 300,
  /**
   * A client that has ended its side may be gone altogether: that shows only when something is written to it. Until an answer
   * begins nothing is, and the requests of all who gave up would pile up on a pod that is too slow for them already.
   */
  halfClosedUnanswered: 5,
  halfClosedAnswering: 30,
} as const;

/** Of a client's connection. */
export type Phase =
  /** Between requests. */
  | 'idle'
  /** Part of a head has arrived. */
  | 'head'
  | 'exchange'
  /** A request waits for a backend. */
  | 'held'
  | 'tunnel'
  /** Nothing more is asked of it: the client takes the last answer as slowly as it likes. */
  | 'flushing'
  /** The last answer was sent; what still arrives is thrown away, so that it is not lost to a reset. */
  | 'lingering';

/** How long a phase may last in which nothing moves, in ticks of a second; exchanges and tunnels have limits of their own. */
export const phaseTicks: Readonly<Record<Phase, number>> = {
  // Longer than clients keep a connection themselves (90 s in Go): a POST that meets our end is not sent again.
  idle: 120,
  head: 60,
  exchange: Number.POSITIVE_INFINITY,
  held: Number.POSITIVE_INFINITY,
  tunnel: Number.POSITIVE_INFINITY,
  // A kernel that buffers megabytes lets us see a slow client move only now and then.
  flushing: 300,
  lingering: 2,
};
