/** What the rest of a release asks of a strategy beside its steps: numbers in, numbers out. */
import type { Strategy as StrategySpec } from '../api/application.ts';
import type { ReleaseStatus } from '../api/release.ts';

export interface StrategyTraits {
  /** How many of the pods that are asked for may be missing; absent: none. */
  calculateMaxUnavailable?(spec: StrategySpec, replicas: number): number;
  /** The sizes between which pods change hands; absent: stable could carry all of it at any time. */
  calculateGoals?(given: ChangingHands): readonly SizeGoal[];
  /** As few pods of the candidate as the step needs that it has reached; absent: none. */
  leastOfCandidate?(spec: StrategySpec, reached: { readonly stepIndex: number; readonly replicas: number }): number;
  /** How far the way to the first traffic is open; absent: no step of its own comes before the promotion. */
  calculateOpening?(spec: StrategySpec, reached: { readonly status: ReleaseStatus; readonly now: number }): Opening;
  /** The two versions must not meet: the one before is not kept ready beside the new one. */
  readonly isApart?: true;
  /** Pods of the candidate take a share of the route outside of the Service of the Application. */
  readonly sharesOutside?: true;
  /** It waits at steps of its own, from which a person may let it go on. */
  readonly hasSteps?: true;
}

/** `closed`: something is waited for; `shared`: a step gives it traffic before the promotion; `promoted`: nothing is left but that. */
export type Opening = 'closed' | 'shared' | 'promoted';

export interface ChangingHands {
  readonly spec: StrategySpec;
  /** Pods that the Application should have. */
  readonly replicas: number;
  /** Of the traffic that the candidate has, from 0 to 1. */
  readonly share: number;
  /** Whether every gateway has confirmed the shares: pods of a share that it may still lead to do not go. */
  readonly mayLeave: boolean;
  readonly stable: PodCounts;
  readonly candidate: PodCounts;
}

interface PodCounts {
  /** Pods that its ReplicaSet is to have. */
  readonly size: number;
  /** Pods in the Service. */
  readonly serving: number;
}

/** How many pods a version is to have. */
export interface SizeGoal {
  readonly of: 'stable' | 'candidate';
  readonly atLeast: number;
  readonly atMost: number;
  readonly place?: 'serving' | undefined;
}
