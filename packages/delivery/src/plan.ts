/** What may be done for an Application, as data. */
import type { Job, PodDisruptionBudget } from '@slipway/kube/api.generated';
import type { SplitHandling } from '@slipway/kube/split';
import type { ApplicationStatus } from './api/application.ts';
import type { Check, CheckState } from './api/check.ts';
import type { Release, ReleaseStatus } from './api/release.ts';
import type { ConfigurationKind } from './configuration/references.ts';
import type { Carriers } from './carriers.ts';
import type { WebhookOrder } from './hooks/webhook-call.ts';
import type { Subject } from './gates/metric/subject.ts';

interface Growth {
  /**
   * Only where nothing of another version is there, of which the API server itself is asked: a copy that is behind may not show
   * what this controller has just made.
   */
  readonly alone?: boolean | undefined;
}

/** What each action needs to know. */
export interface ActionDetails {
  /** Asks the API server whether it would take the objects of the version; nothing is written. */
  readonly tryRelease: { readonly release: Release; readonly attempt: string };
  /** Makes the copies of the configuration that the version will refer to. */
  readonly freezeConfiguration: { readonly release: Release };
  /** Lets pods to come of a version that was adopted read the copies. */
  readonly freezeTemplate: { readonly release: string };
  readonly deleteCopy: { readonly kind: ConfigurationKind; readonly name: string };
  readonly createRelease: { readonly release: Release };
  /** Creates what a version needs: its Service, and its ReplicaSet with that many pods. */
  readonly createVersion: { readonly release: Release; readonly replicas: number } & Growth;
  /** The Service of the Application, or of one version. */
  readonly ensureService: { readonly release?: string | undefined };
  /** The Service of the Application. */
  readonly deleteService: object;
  readonly scale: { readonly release: string; readonly replicas: number; readonly reason: string } & Growth;
  /** Gives pods the routing label or takes it, and with `template` all future pods of the version too. */
  readonly setServing: {
    readonly release: string;
    readonly pods: readonly string[];
    readonly serves: boolean;
    readonly template: boolean;
    /** Whether the pods stand behind the Service of their version too; absent leaves that as it is. */
    readonly backend?: boolean;
  };
  /** Writes down that requests to pods that have left the endpoints end from now on. */
  readonly startDrain: { readonly release: string; readonly pods: readonly string[] };
  /** Marks pods to be the first that a smaller ReplicaSet removes. */
  readonly markForDeletion: { readonly release: string; readonly pods: readonly string[] };
  /** By release name; the weights sum to 100, or to 0 under a hold. */
  readonly setSplit: {
    readonly weights: Readonly<Record<string, number>>;
    /** Absent: nothing but the weights decides. */
    readonly handling?: SplitHandling | undefined;
    /** The release that the preview hosts lead to; absent: none. */
    readonly preview?: string | undefined;
    /** Absent: who carries the requests stays, and is what spec asks for where there is no split. */
    readonly carriers?: Carriers | undefined;
  };
  /** Makes the Secret that signs sessions. */
  readonly createSessionKey: object;
  readonly deleteSessionKey: object;
  /** Asks the gateways to report what they count, until then. */
  readonly countTraffic: { readonly until: string };
  readonly askHealth: { readonly release: string; readonly pods: readonly string[] };
  /** A PodDisruptionBudget over pods that serve. */
  readonly ensureBudget: { readonly budget: PodDisruptionBudget };
  readonly deleteBudget: { readonly name: string };
  /** Takes the next measurement of a check; it is found with a later look. */
  readonly measure: {
    /** Of the run. */
    readonly key: string;
    readonly check: Check;
    readonly state: CheckState;
    readonly subject: Subject;
  };
  /** Starts a hook, once: a Job of that name is the one that an earlier look started. */
  readonly startJob: { readonly job: Job };
  /** Ends the pods of a hook's Job, which stays as the record of it. */
  readonly stopJob: { readonly name: string };
  readonly deleteJob: { readonly name: string };
  /** Finds out why the Job of a hook has failed; it is found with a later look. */
  readonly explainJob: { readonly name: string };
  /** Calls a webhook; what is answered is found with a later look. */
  readonly callWebhook: { readonly order: WebhookOrder };
  readonly deleteApproval: { readonly name: string };
  readonly deleteVersion: { readonly release: string };
  readonly deleteRelease: { readonly release: string };
  readonly deleteCommand: { readonly name: string };
  readonly setFinalizer: {
    readonly present: boolean;
    /** Only where it has no Release that the look did not show: one that was just made would stay behind for ever. */
    readonly isAllSeen?: true;
  };
  /** Leaves the Split without rules, so that gateways can confirm that they route no more by it. */
  readonly closeRoute: object;
  readonly removeRoute: object;
  /** Of the Application, or of one of its releases. */
  readonly event: {
    readonly kind: 'Normal' | 'Warning';
    readonly reason: string;
    readonly message: string;
    readonly release?: string | undefined;
  };
}

export type ActionType = keyof ActionDetails;
export type ActionOf<Type extends ActionType> = { readonly type: Type } & ActionDetails[Type];
export type Action = { readonly [Type in ActionType]: ActionOf<Type> }[ActionType];

/** What a strategy wants of the release under way. */
export interface Step {
  readonly actions: readonly Action[];
  readonly status: ReleaseStatus;
  /** Milliseconds until the next look even if nothing changes. */
  readonly requeueAfter?: number | undefined;
  /** At a gate, or waiting for a person or a time: the deadline for progress stands still. */
  readonly isStanding?: boolean | undefined;
}

export interface Decision {
  readonly actions: readonly Action[];
  readonly applicationStatus: ApplicationStatus | undefined;
  readonly releaseStatuses: ReadonlyMap<string, ReleaseStatus>;
  /** Traffic has just begun to move: what only tells how things stand may be wrong before anybody has read it, and is not written. */
  readonly isSilent?: boolean | undefined;
  readonly requeueAfter: number | undefined;
}
