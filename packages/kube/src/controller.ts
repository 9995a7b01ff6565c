/**
 * The three parts of every controller: `observe` reads caches and returns a readonly snapshot, `reconcile` is pure and
 * decides, `apply` is the only writer. `runController` (controller-runtime.ts) joins them to a work queue.
 */
import type { ObjectKey } from './object.ts';

export interface Plan<Action, Status = undefined> {
  /** In the order in which they must take effect. A converged state gives none. */
  readonly actions: readonly Action[];
  readonly status?: Status | undefined;
  /** Milliseconds until the next look even if nothing changes. */
  readonly requeueAfter?: number | undefined;
}

export interface Controller<Observed, Action, Status = undefined> {
  readonly name: string;
  /** Undefined: the object is gone and nothing is left to do. */
  observe(key: ObjectKey): Observed | undefined | Promise<Observed | undefined>;
  /** Pure. `now` is wall time in milliseconds. */
  reconcile(observed: Observed, now: number): Plan<Action, Status>;
  /** Carries out the plan in order and stops at the first failure by throwing; the next look decides. Every action may run twice. */
  apply(plan: Plan<Action, Status>, observed: Observed, signal: AbortSignal): Promise<void>;
}
