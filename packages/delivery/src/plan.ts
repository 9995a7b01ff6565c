/** What may be done for an Application, as data. */
import type { ApplicationStatus } from './api/application.ts';
import type { Release, ReleaseStatus } from './api/release.ts';

export type Action =
  | { readonly type: 'createRelease'; readonly release: Release }
  /** Creates what a version needs: its Service, and its ReplicaSet with that many pods. */
  | { readonly type: 'createVersion'; readonly release: Release; readonly replicas: number }
  | { readonly type: 'ensureService' }
  | { readonly type: 'scale'; readonly release: string; readonly replicas: number; readonly reason: string }
  /** Gives pods the routing label or takes it, and with `template` all future pods of the version too. */
  | {
      readonly type: 'setServing';
      readonly release: string;
      readonly pods: readonly string[];
      readonly serves: boolean;
      readonly template: boolean;
      /** Whether the pods stand behind the Service of their version too; absent leaves that as it is. */ readonly backend?: boolean;
    }
  /** Marks pods to be the first that a smaller ReplicaSet removes. */
  | { readonly type: 'markForDeletion'; readonly release: string; readonly pods: readonly string[] }
  /** By release name; the weights sum to 100. */
  | { readonly type: 'setSplit'; readonly weights: Readonly<Record<string, number>> }
  | { readonly type: 'askHealth'; readonly release: string; readonly pods: readonly string[] }
  | { readonly type: 'deleteVersion'; readonly release: string }
  | { readonly type: 'deleteRelease'; readonly release: string }
  | { readonly type: 'deleteCommand'; readonly name: string }
  | { readonly type: 'setFinalizer'; readonly present: boolean }
  | { readonly type: 'removeRoute' }
  | { readonly type: 'event'; readonly kind: 'Normal' | 'Warning'; readonly reason: string; readonly message: string };

/** What a strategy wants of the release under way. */
export interface Step {
  readonly actions: readonly Action[];
  readonly status: ReleaseStatus;
  /** Milliseconds until the next look even if nothing changes. */
  readonly requeueAfter?: number | undefined;
}

export interface Decision {
  readonly actions: readonly Action[];
  readonly applicationStatus: ApplicationStatus | undefined;
  readonly releaseStatuses: ReadonlyMap<string, ReleaseStatus>;
  readonly requeueAfter: number | undefined;
}
