/** Which gateways live, by our own clock alone: the times that they write are another machine's. */
import type { Lease } from '@slipway/kube/api.generated';
import type { Clock } from '@slipway/kube/clock';
import type { Informer } from '@slipway/kube/informer';
import { sight, type Sighting } from '@slipway/kube/lease-claim';
import { observedEndpointsAnnotation } from '@slipway/kube/split';

const defaultDurationSeconds = 15;

/** A Lease is live for its duration from when it was last seen to change. One that is seen first gets it whole. */
export function isLeaseLive({ lease, since }: Sighting, monotonic: number): boolean {
  const { leaseDurationSeconds = defaultDurationSeconds } = lease?.spec ?? {};
  return lease !== undefined && monotonic - since < leaseDurationSeconds * 1_000;
}

/** Follows the Leases of an informer; holds one sighting for each that there is. */
export class LeaseWatch {
  readonly #clock: Clock;
  readonly #sightings = new Map<string, Sighting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  follow(leases: Informer<Lease>): void {
    leases.onChange(({ key, current }) => {
      if (current === undefined) this.#sightings.delete(key);
      else this.#sightings.set(key, sight(this.#sightings.get(key), current, this.#clock.monotonic()));
    });
  }

  /** Up to which change of EndpointSlices the holders say that they route, by the name of the Lease. */
  get observedEndpoints(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#sightings.values()].flatMap(({ lease }) => {
        const said = lease?.metadata.annotations?.[observedEndpointsAnnotation];
        return said === undefined ? [] : [[lease?.metadata.name ?? '', Number(said)] as const];
      }),
    );
  }

  /** Names of the Leases whose holders renew them. */
  get live(): readonly string[] {
    const now = this.#clock.monotonic();
    return [...this.#sightings.values()].flatMap((sighting) =>
      isLeaseLive(sighting, now) ? [sighting.lease?.metadata.name ?? ''] : [],
    );
  }
}
