/**
 * Keeps a controller that repeats itself from filling the cluster with Events, by the rules and numbers of client-go
 * (`events_cache.go`): what differs in its message only is combined, and one object gets no more than so many.
 */

export interface Occurrence {
  /** What it is about, from whom: the same text for the same object. */
  readonly subject: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** Occurrences of one identity are one Event that counts. */
export interface Correlated {
  readonly identity: string;
  readonly message: string;
}

/** So many different messages of one reason stand for themselves; the next ones are combined. */
const similarEvents = 10;
const similarMilliseconds = 10 * 60_000;
/** So many Events an object may have at once, and then one each time that the period has passed. */
const burst = 25;
const refillMilliseconds = 5 * 60_000;
/** Subjects, and reasons of subjects, that are remembered; those that were quiet longest go first. */
const remembered = 4_096;

interface Similar {
  readonly messages: ReadonlySet<string>;
  readonly at: number;
}

interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

export class EventCorrelator {
  readonly #similar = new Map<string, Similar>();
  readonly #buckets = new Map<string, Bucket>();

  /** Undefined: the object has had too many. `now` is monotonic, in milliseconds. */
  correlate(occurrence: Occurrence, now: number): Correlated | undefined {
    const correlated = this.#combine(occurrence, now);
    return this.#take(occurrence.subject, now) ? correlated : undefined;
  }

  #combine({ subject, type, reason, message }: Occurrence, now: number): Correlated {
    const key = JSON.stringify([subject, type, reason]);
    const before = this.#similar.get(key);
    const isRecent = before !== undefined && now - before.at <= similarMilliseconds;
    const messages = new Set(isRecent ? before.messages : []).add(message);
    const isMany = messages.size >= similarEvents;
    const [oldest] = messages;
    if (isMany && oldest !== undefined) messages.delete(oldest);
    remember(this.#similar, key, { messages, at: now });
    return isMany
      ? { identity: key, message: `(combined from similar events): ${message}` }
      : { identity: JSON.stringify([subject, type, reason, message]), message };
  }

  #take(subject: string, now: number): boolean {
    const { tokens, at } = this.#buckets.get(subject) ?? { tokens: burst, at: now };
    const filled = Math.min(burst, tokens + (now - at) / refillMilliseconds);
    const isLeft = filled >= 1;
    remember(this.#buckets, subject, { tokens: isLeft ? filled - 1 : filled, at: now });
    return isLeft;
  }
}

function remember<T>(all: Map<string, T>, key: string, value: T): void {
  // Anew, so that the first one is that which was quiet longest.
  all.delete(key);
  all.set(key, value);
  const oldest = all.size > remembered ? all.keys().next().value : undefined;
  if (oldest !== undefined) all.delete(oldest);
}
