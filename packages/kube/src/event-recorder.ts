import type { Event } from './api.generated.ts';
import type { KubeClient } from './client.ts';
import { formatTime, type Clock } from './clock.ts';
import { fnv32a } from './hash.ts';
import type { Logger } from './logger.ts';
import { apiVersionOf, type KubeObject, type ResourceType } from './object.ts';
import { events } from './resources.ts';
import { isStatusReason } from './status-error.ts';

/** How many different events are remembered for counting; the oldest go first. */
const rememberedEvents = 1_024;
/** What waits to be written; an event beyond that is dropped and logged: events are advice, not state. */
const maximumQueue = 1_000;

export interface EventRecorderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** As `source.component`: `kubelet`, `default-scheduler`, `deployment-controller`. */
  readonly component: string;
  readonly host?: string | undefined;
}

export interface EventSubject {
  readonly object: KubeObject;
  readonly type: ResourceType;
  /** Narrows the subject, as in `spec.containers{web}`. */
  readonly fieldPath?: string | undefined;
}

interface Recorded {
  readonly name: string;
  readonly namespace: string;
  count: number;
}

/** Writes core/v1 Events in the order in which they happened; one that repeats counts up instead. Never throws. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #recorded = new Map<string, Recorded>();
  #queue: Promise<void> = Promise.resolve();
  #queued = 0;
  #lastMillisecond = 0;
  #sequence = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  event(
    subject: EventSubject,
    what: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string },
  ): void {
    const { logger, clock } = this.#options;
    if (this.#queued >= maximumQueue) {
      logger.warn('event dropped, too many wait to be written', { reason: what.reason });
      return;
    }
    this.#queued += 1;
    const now = clock.now();
    this.#queue = this.#queue
      .then(() => this.#write(subject, what, now))
      .catch((error: unknown) => logger.debug('event not recorded', { reason: what.reason, error }))
      .finally(() => {
        this.#queued -= 1;
      });
  }

  /** Resolves when everything that was recorded so far has been written or given up. */
  flush(): Promise<void> {
    return this.#queue;
  }

  async #write(
    subject: EventSubject,
    what: { readonly type: string; readonly reason: string; readonly message: string },
    now: number,
  ): Promise<void> {
    const identity = JSON.stringify([
      subject.object.metadata.uid,
      subject.fieldPath,
      what.type,
      what.reason,
      what.message,
    ]);
    const known = this.#recorded.get(identity);
    if (known !== undefined && (await this.#countUp(known, now))) return;
    const event = this.#build(subject, what, now);
    await this.#options.client.create(events, event);
    this.#remember(identity, { name: event.metadata.name ?? '', namespace: event.metadata.namespace ?? '', count: 1 });
  }

  async #countUp(known: Recorded, now: number): Promise<boolean> {
    known.count += 1;
    try {
      await this.#options.client.patch(events, known, {
        type: 'merge',
        body: { count: known.count, lastTimestamp: formatTime(now) },
      });
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

  #build(
    { object, type, fieldPath }: EventSubject,
    what: { readonly type: string; readonly reason: string; readonly message: string },
    now: number,
  ): Event {
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
      message: what.message.slice(0, 1_024),
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
    this.#recorded.set(identity, recorded);
    if (this.#recorded.size <= rememberedEvents) return;
    const oldest = this.#recorded.keys().next().value;
    if (oldest !== undefined) this.#recorded.delete(oldest);
  }
}
