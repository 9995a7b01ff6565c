/** What `reconcilePod` can ask for. Each action is begun at once (`begin` in pod-facts.ts marks it) and reports its end as a fact. */
import type { Termination } from './pod-record.ts';

export type PodAction =
  | { readonly kind: 'prepareVolumes' | 'createSandbox' | 'removeSandbox' }
  | { readonly kind: 'startContainer'; readonly name: string; readonly attempt: number }
  | { readonly kind: 'runPostStart'; readonly name: string }
  /** The wait before the next attempt has begun: say so. */
  | { readonly kind: 'reportCrashBackOff'; readonly name: string }
  | { readonly kind: 'reportImageBackOff'; readonly name: string }
  /** Nothing is started any more and what runs is stopped. */
  | { readonly kind: 'terminatePod'; readonly reason: Termination['reason']; readonly graceSeconds: number }
  | { readonly kind: 'awaitEndpointsGone'; readonly milliseconds: number }
  | { readonly kind: 'stopContainer'; readonly name: string; readonly message: string; readonly deadline: number }
  | { readonly kind: 'runPreStop'; readonly name: string; readonly milliseconds: number }
  | { readonly kind: 'signalContainer'; readonly name: string; readonly signal: 'SIGTERM' | 'SIGKILL' }
  /** Report the last status, delete the object if it is still there, forget the pod. */
  | { readonly kind: 'finalise' };

export interface PodPlan {
  readonly actions: readonly PodAction[];
  /** When to look again even if nothing happens. */
  readonly wakeAt: number | undefined;
}

export const emptyPlan: PodPlan = { actions: [], wakeAt: undefined };

/** Both plans at once: their actions in order, the earlier wake-up. */
export function joinPlans(plans: readonly PodPlan[]): PodPlan {
  const times = plans.flatMap(({ wakeAt }) => (wakeAt === undefined ? [] : [wakeAt]));
  return {
    actions: plans.flatMap(({ actions }) => actions),
    wakeAt: times.length === 0 ? undefined : Math.min(...times),
  };
}

export function actNow(...actions: readonly PodAction[]): PodPlan {
  return { actions, wakeAt: undefined };
}

export function waitUntil(wakeAt: number): PodPlan {
  return { actions: [], wakeAt };
}
