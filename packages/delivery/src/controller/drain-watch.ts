/** For how long pods drain, by our own clock alone: what is written on them is a time of a clock that somebody may set. */
import type { Pod } from '@slipway/kube/api.generated';
import type { Clock } from '@slipway/kube/clock';
import type { Informer } from '@slipway/kube/informer';
import { annotations } from '../names.ts';

interface Sighting {
  /** What was written on the pod; another time is another drain. */
  readonly note: string;
  /** When it was first seen so, by the monotonic clock. */
  readonly since: number;
}

/** Follows the pods of an informer; holds one sighting for each that drains. */
export class DrainWatch {
  readonly #clock: Clock;
  readonly #sightings = new Map<string, Sighting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  follow(pods: Informer<Pod>): void {
    pods.onChange(({ current, old }) => {
      const uid = (current ?? old)?.metadata.uid ?? '';
      const note = current?.metadata.annotations?.[annotations.drainingSince];
      if (note === undefined) this.#sightings.delete(uid);
      else if (this.#sightings.get(uid)?.note !== note)
        this.#sightings.set(uid, { note, since: this.#clock.monotonic() });
      // One of the same name that has taken its place is another pod.
      if (current !== undefined && old !== undefined && old.metadata.uid !== uid)
        this.#sightings.delete(old.metadata.uid ?? '');
    });
  }

  /** Milliseconds, by uid, of those among the pods that drain. */
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
