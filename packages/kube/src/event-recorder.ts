import type { Event } from './api.generated.ts';
import type { KubeClient } from './client.ts';
import { formatTime, type Clock } from './clock.ts';
import { EventCorrelator } from './event-correlation.ts';
import { fnv32a } from './hash.ts';
import type { Logger } from './logger.ts';
import { apiVersionOf, type KubeObject, type ResourceType } from './object.ts';
import { events } from './resources.ts';
import { isStatusReason } from './status-error.ts';

/** How many different events are remembered for counting; the oldest go first. */
const rememberedEvents = 4_096;
/**
 * What waits to be written, of about 1 KB each: as much as a burst of ten thousand pods has to tell. An event beyond that is
 * dropped and logged: events are advice, not state.
 */
const maximumQueue = 12_000;
const maximumMessage = 1_024;
/** Events that are written at once, of as many objects: with one after the other a busy component would wait for the disk. */
const lanes = 16;
/** What ends waits no longer for its events: they are advice. */
const longestEndMilliseconds = 1_000;

export interface EventRecorderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** As `source.component`: `kubelet`, `default-scheduler`, `deployment-controller`. */
  readonly component: string;
  readonly host?: string | undefined;
  /** Before an event is written that tells of nothing wrong, with the monotonic time at which that happened. Absent: at once. */
  readonly whenCalm?: ((since: number) => Promise<void>) | undefined;
}

export interface EventSubject {
  readonly object: KubeObject;
  readonly type: ResourceType;
  /** Narrows the subject, as in `spec.containers{web}`. */
  readonly fieldPath?: string | undefined;
}

export interface EventContent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

interface Recorded {
  readonly name: string;
  readonly namespace: string;
  readonly count: number;
}

/** Writes core/v1 Events, those of one object in the order in which they happened; one that repeats counts up instead. Never throws. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #correlator = new EventCorrelator();
  readonly #recorded = new Map<string, Recorded>();
  /** The last event of each object of which some are not written yet. */
  readonly #objects = new Map<string, Promise<void>>();
  readonly #lanes = new Map<number, Promise<void>>();
  #queued = 0;
  #dropped = 0;
  #sequence = 0;
  #lastMillisecond = 0;
  #ending: Promise<void> | undefined;
  #hasEnded = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  event(subject: EventSubject, what: EventContent): void {
    const { logger, clock } = this.#options;
    if (this.#hasEnded) return;
    if (this.#queued >= maximumQueue) {
      this.#dropped += 1;
      return;
    }
    const text = textOf(subject);
    const correlated = this.#correlator.correlate({ ...what, subject: text }, clock.monotonic());
    if (correlated === undefined) {
      logger.debug('event dropped, its object has had too many', { reason: what.reason });
      return;
    }
    const { identity, message } = correlated;
    const now = clock.now();
    const built = this.#build(subject, { ...what, message: cut(message) }, now);
    const since = clock.monotonic();
    this.#queued += 1;
    const object = subject.object.metadata.uid ?? text;
    const written = (this.#objects.get(object) ?? Promise.resolve())
      .then(() => (what.type === 'Normal' ? this.#options.whenCalm?.(since) : undefined))
      .then(() => this.#inLane(object, () => this.#write(identity, built)))
      .catch((error: unknown) => logger.debug('event not recorded', { reason: what.reason, error }))
      .finally(() => this.#settle(object, written));
    this.#objects.set(object, written);
  }

  /** What waits for calm has no lane yet: it would hold up what other objects have to tell. */
  #inLane(object: string, write: () => Promise<void>): Promise<void> {
    const lane = fnv32a(object) % lanes;
    const done = (this.#lanes.get(lane) ?? Promise.resolve()).then(write);
    this.#lanes.set(
      lane,
      // Whoever waits for its own event hears of the failure.
      done.catch(() => undefined),
    );
    return done;
  }

  #settle(object: string, written: Promise<void>): void {
    this.#queued -= 1;
    if (this.#objects.get(object) === written) this.#objects.delete(object);
    if (this.#dropped === 0 || this.#queued > maximumQueue / 2) return;
    this.#options.logger.warn('events were dropped, too many waited to be written', { count: this.#dropped });
    this.#dropped = 0;
  }

  /** Resolves when everything that was recorded so far has been written or given up. */
  async flush(): Promise<void> {
    await Promise.all(this.#objects.values());
  }

  /**
   * To be awaited before the client closes: writes what waits, for a second at most. What is left then, or comes later, is
   * given up. Whoever gave `whenCalm` lets it resolve first.
   */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    const { clock, logger } = this.#options;
    const { promise: isOver, resolve } = Promise.withResolvers<void>();
    const cancel = clock.schedule(longestEndMilliseconds, resolve);
    await Promise.race([this.flush(), isOver]);
    cancel();
    this.#hasEnded = true;
    if (this.#queued > 0)
      logger.warn('events were given up, the end came before they were written', { count: this.#queued });
  }

  async #write(identity: string, event: Event): Promise<void> {
    if (this.#hasEnded) return;
    const known = this.#recorded.get(identity);
    if (known !== undefined && (await this.#countUp(identity, known, event))) return;
    await this.#options.client.create(events, event);
    const { name = '', namespace = '' } = event.metadata;
    this.#remember(identity, { name, namespace, count: 1 });
  }

  async #countUp(identity: string, known: Recorded, { lastTimestamp, message }: Event): Promise<boolean> {
    const count = known.count + 1;
    try {
      await this.#options.client.patch(events, known, { type: 'merge', body: { count, lastTimestamp, message } });
      this.#remember(identity, { ...known, count });
      return true;
    } catch (error) {
      // Events expire; the next one of the kind begins anew.
      if (isStatusReason(error, 'NotFound')) return false;
      throw error;
    }
  }

  /**
   * Nanoseconds in hexadecimal, as Kubernetes names events. Those of one millisecond follow each other, so that a list,
   * which is sorted by name, tells them in their order; the last digits differ from component to component.
   */
  #nextSuffix(now: number): string {
    const millisecond = Math.floor(now);
    this.#sequence = millisecond === this.#lastMillisecond ? this.#sequence + 1 : 0;
    this.#lastMillisecond = millisecond;
    const part = (this.#sequence % 1_000) * 1_000 + (fnv32a(this.#options.component) % 1_000);
    return (BigInt(millisecond) * 1_000_000n + BigInt(part)).toString(16);
  }

  #build({ object, type, fieldPath }: EventSubject, what: EventContent, now: number): Event {
    const { component, host } = this.#options;
    const { name = '', namespace = 'default', uid, resourceVersion } = object.metadata;
    const suffix = this.#nextSuffix(now);
    const time = formatTime(now);
    return {
      metadata: { name: `${name}.${suffix}`, namespace },
      involvedObject: {
        kind: type.kind,
        apiVersion: apiVersionOf(type),
        namespace: object.metadata.namespace,
        name,
        uid,
        resourceVersion,
        fieldPath,
      },
      reason: what.reason,
      message: what.message,
      type: what.type,
      source: { component, host },
      reportingComponent: component,
      reportingInstance: host ?? '',
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    };
  }

  #remember(identity: string, recorded: Recorded): void {
    this.#recorded.delete(identity);
    this.#recorded.set(identity, recorded);
    if (this.#recorded.size <= rememberedEvents) return;
    const oldest = this.#recorded.keys().next().value;
    if (oldest !== undefined) this.#recorded.delete(oldest);
  }
}

function textOf({ object, type, fieldPath }: EventSubject): string {
  const { namespace, name, uid } = object.metadata;
  return JSON.stringify([apiVersionOf(type), type.kind, namespace, name, uid, fieldPath]);
}

function cut(message: string): string {
  return message.length <= maximumMessage ? message : `${message.slice(0, maximumMessage - 1)}…`;
}
