/** Since when pods leave and drain, by our own clock alone: what is written on them is a time of a clock that somebody may set. */
import type { Pod } from '@slipway/kube/api.generated';
import type { Clock } from '@slipway/kube/clock';
import type { Informer, InformerChange } from '@slipway/kube/informer';
import { annotations } from '../names.ts';
import type { Observation } from '../observation.ts';

interface Sighting {
  /** What was written on the pod; another time is another drain. */
  readonly note: string;
  /** When it was first seen so, by the monotonic clock. */
  readonly since: number;
}

/** Follows the pods of an informer; holds one sighting for each that has left and one for each that drains. */
export class DrainWatch {
  readonly #departures: NoteSightings;
  readonly #drains: NoteSightings;

  constructor(clock: Clock) {
    this.#departures = new NoteSightings(clock, annotations.leftAt);
    this.#drains = new NoteSightings(clock, annotations.drainingSince);
  }

  follow(pods: Informer<Pod>): void {
    pods.onChange((change) => {
      this.#departures.see(change);
      this.#drains.see(change);
    });
  }

  measure(pods: readonly Pod[]): Pick<Observation, 'leftFor' | 'drainedFor'> {
    return { leftFor: this.#departures.measure(pods), drainedFor: this.#drains.measure(pods) };
  }
}

/** Of the pods on which one annotation is written. */
class NoteSightings {
  readonly #clock: Clock;
  readonly #annotation: string;
  readonly #sightings = new Map<string, Sighting>();

  constructor(clock: Clock, annotation: string) {
    this.#clock = clock;
    this.#annotation = annotation;
  }

  see({ current, old }: InformerChange<Pod>): void {
    const uid = (current ?? old)?.metadata.uid ?? '';
    const note = current?.metadata.annotations?.[this.#annotation];
    if (note === undefined) this.#sightings.delete(uid);
    else if (this.#sightings.get(uid)?.note !== note)
      this.#sightings.set(uid, { note, since: this.#clock.monotonic() });
    // One of the same name that has taken its place is another pod.
    if (current !== undefined && old !== undefined && old.metadata.uid !== uid)
      this.#sightings.delete(old.metadata.uid ?? '');
  }

  /** Milliseconds, by uid, of those among the pods that were seen so. */
  measure(pods: readonly Pod[]): ReadonlyMap<string, number> {
    const now = this.#clock.monotonic();
    return new Map(
      pods.flatMap(({ metadata: { uid = '' } }) => {
        const sighting = this.#sightings.get(uid);
        return sighting === undefined ? [] : [[uid, now - sighting.since] as const];
      }),
    );
  }
}
