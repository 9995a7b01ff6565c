/** For how long gateways have confirmed what they confirm, by our own clock alone: the times that they write are another machine's. */
import type { Clock } from '@slipway/kube/clock';
import type { Informer } from '@slipway/kube/informer';
import { isSameJson } from '@slipway/kube/json-equality';
import type { Split, SplitInstanceStatus } from '@slipway/kube/split';

interface Sighting {
  readonly confirmed: Confirmed;
  /** When it was first seen so, by the monotonic clock. */
  readonly since: number;
}

/** What the instance was seen to say of the Split; anything else is another confirmation. */
type Confirmed = Pick<SplitInstanceStatus, 'observedGeneration' | 'conflicts' | 'unservedRules'>;

type Sightings = ReadonlyMap<string, Sighting>;

/** Follows the Splits of an informer; holds one sighting for each instance that has an entry in one. */
export class ConfirmationWatch {
  readonly #clock: Clock;
  /** By the uid of the Split, and by the name of the instance. */
  readonly #sightings = new Map<string, Sightings>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  follow(splits: Pick<Informer<Split>, 'onChange'>): void {
    splits.onChange(({ current, old }) => {
      // One of the same name that has taken its place is another Split, which nobody has confirmed.
      if (old !== undefined && old.metadata.uid !== current?.metadata.uid) this.#sightings.delete(uidOf(old));
      if (current !== undefined) this.#sight(current);
    });
  }

  /** Milliseconds, by instance. */
  measure(split: Split | undefined): ReadonlyMap<string, number> {
    const known = split === undefined ? undefined : this.#sightings.get(uidOf(split));
    const now = this.#clock.monotonic();
    return new Map([...(known ?? [])].map(([name, { since }]) => [name, now - since]));
  }

  #sight(split: Split): void {
    const known = this.#sightings.get(uidOf(split));
    const instances = split.status?.instances ?? [];
    const now = this.#clock.monotonic();
    const sighted = ({ name, observedGeneration, conflicts, unservedRules }: SplitInstanceStatus): Sighting => {
      const confirmed = { observedGeneration, conflicts, unservedRules };
      const before = known?.get(name);
      return before !== undefined && isSameJson(before.confirmed, confirmed) ? before : { confirmed, since: now };
    };
    this.#sightings.set(uidOf(split), new Map(instances.map((instance) => [instance.name, sighted(instance)])));
  }
}

function uidOf({ metadata }: Split): string {
  return metadata.uid ?? '';
}
