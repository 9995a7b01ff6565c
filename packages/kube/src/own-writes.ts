import type { Clock } from './clock.ts';
import type { Controller, Plan } from './controller.ts';
import type { Informer } from './informer.ts';
import { keyOf, keyString, type KubeObject, type ObjectKey } from './object.ts';

export interface Patience {
  /** Past it a write counts as seen: the cache has other things to say. */
  readonly forgetAfterMilliseconds: number;
  /** A look that came too early is repeated after this even if no event arrives. */
  readonly lookAgainMilliseconds: number;
}

/** As long as Kubernetes waits for its expectations. */
const usualPatience: Patience = { forgetAfterMilliseconds: 300_000, lookAgainMilliseconds: 1_000 };

interface UnseenWrite {
  readonly at: number;
  isSeen(): boolean;
}

/**
 * What a controller has written for each of its keys and its caches do not show yet. Deciding on such a cache would do the
 * same again: create a pod twice, delete two pods instead of one. Nothing here survives a restart, and nothing needs to:
 * the caches begin with a list.
 */
export class OwnWrites {
  readonly #clock: Clock;
  readonly patience: Patience;
  readonly #unseen = new Map<string, UnseenWrite[]>();

  constructor(clock: Clock, patience: Patience = usualPatience) {
    this.#clock = clock;
    this.patience = patience;
  }

  /** `written` is what the server answered to a create, update or patch. */
  wrote(key: ObjectKey, informer: Pick<Informer<KubeObject>, 'resourceVersion'>, written: KubeObject): void {
    const version = Number(written.metadata.resourceVersion);
    this.#remember(key, () => Number(informer.resourceVersion) >= version);
  }

  /** A deletion is seen when the object is gone, is another one of that name, or says that it is being deleted. */
  deleted(key: ObjectKey, informer: Pick<Informer<KubeObject>, 'get'>, object: KubeObject): void {
    this.#remember(key, () => {
      const cached = informer.get(keyOf(object));
      return cached?.metadata.uid !== object.metadata.uid || cached?.metadata.deletionTimestamp !== undefined;
    });
  }

  areSeen(key: ObjectKey): boolean {
    const name = keyString(key);
    const forgetBefore = this.#clock.monotonic() - this.patience.forgetAfterMilliseconds;
    const unseen = this.#unseen.get(name)?.filter((write) => write.at >= forgetBefore && !write.isSeen()) ?? [];
    if (unseen.length === 0) this.#unseen.delete(name);
    else this.#unseen.set(name, unseen);
    return unseen.length === 0;
  }

  #remember(key: ObjectKey, isSeen: () => boolean): void {
    const name = keyString(key);
    const write = { at: this.#clock.monotonic(), isSeen };
    const unseen = this.#unseen.get(name);
    if (unseen === undefined) this.#unseen.set(name, [write]);
    else unseen.push(write);
  }
}

export type Settled<Observed> =
  | { readonly kind: 'settled'; readonly observed: Observed }
  /** The caches do not show our own writes yet. */
  | { readonly kind: 'behind' };

/** The same controller, deciding only on caches that show its own writes. */
export function afterOwnWrites<Observed, Action, Status>(
  controller: Controller<Observed, Action, Status>,
  writes: OwnWrites,
): Controller<Settled<Observed>, Action, Status> {
  return {
    name: controller.name,
    async observe(key) {
      if (!writes.areSeen(key)) return { kind: 'behind' };
      const observed = await controller.observe(key);
      return observed === undefined ? undefined : { kind: 'settled', observed };
    },
    reconcile(observed, now): Plan<Action, Status> {
      return observed.kind === 'settled'
        ? controller.reconcile(observed.observed, now)
        : { actions: [], requeueAfter: writes.patience.lookAgainMilliseconds };
    },
    async apply(plan, observed, signal) {
      if (observed.kind === 'settled') await controller.apply(plan, observed.observed, signal);
    },
  };
}
