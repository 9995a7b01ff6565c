import type { Release, ReleaseStatus } from './api/release.ts';
import type { Observation, VersionView } from './observation.ts';
import type { StrategyTraits } from './strategies/traits.ts';

/** A release under way, with the versions it is about. */
export interface ReleaseContext {
  readonly observation: Observation;
  readonly now: number;
  readonly release: Release;
  readonly status: ReleaseStatus;
  readonly candidate: VersionView;
  /** The version that serves users; absent until one has succeeded. */
  readonly stable: VersionView | undefined;
  /** Pods that the Application should have. */
  readonly replicas: number;
  readonly maxUnavailable: number;
  /** Of its strategy. */
  readonly traits: StrategyTraits;
}

export function nameOf(release: Release): string {
  return release.metadata.name ?? '';
}
