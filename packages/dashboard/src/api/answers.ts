/** What the server answers, as far as the pages read it. */
import type { ApplicationSpec, ApplicationStatus } from '@slipway/delivery/api/application';
import type { Measurement } from '@slipway/delivery/api/check';
import type { CommandOutcome } from '@slipway/delivery/api/release-command';
import type { ReleaseSpec, ReleaseStatus } from '@slipway/delivery/api/release';

import type { ApplicationSummary } from '@slipway/server/view/application-summary';
import type { Change } from '@slipway/server/view/differences';
import type { Preview } from '@slipway/server/view/preview';
import type { ListedPod, PodCounts, PodState } from '@slipway/server/view/pod-list';

export type { ApplicationSummary, Change, ListedPod, PodCounts, PodState };

export interface Page<Item> {
  readonly items: readonly Item[];
  /** The cursor of the page after. */
  readonly next?: string | undefined;
}

export interface PodsAnswer extends Page<ListedPod> {
  /** That are meant, on whichever page. */
  readonly total: number;
  readonly versions: readonly PodCounts[];
}

export const roles = ['view', 'operate', 'approve', 'admin'] as const;
export type Role = (typeof roles)[number];

export interface Grant {
  readonly role: Role;
  readonly namespaces: readonly string[];
}

export interface SessionAnswer {
  readonly name: string;
  readonly source: string;
  /** Absent where the roles of the cluster decide. */
  readonly grants?: readonly Grant[] | undefined;
  /** Of who came by cookie. */
  readonly csrf?: string | undefined;
  readonly expiresAt?: string | undefined;
}

export interface ApplicationAnswer extends ApplicationSummary {
  readonly spec: ApplicationSpec;
  readonly status?: ApplicationStatus | undefined;
  /** While hosts lead to the version that is released. */
  readonly preview?: Preview | undefined;
}

export interface ReleaseSummary {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly application: string;
  readonly version: string;
  readonly phase: string;
  readonly createdAt: string;
  /** Of the last attempt. */
  readonly startedAt?: string | undefined;
  readonly finishedAt?: string | undefined;
  readonly deletedAt?: string | undefined;
  /** When another version became the stable one in its place. */
  readonly servedUntil?: string | undefined;
  readonly requestedBy?: string | undefined;
  readonly reason?: string | undefined;
  readonly strategy: string;
  readonly logLength: number;
}

export interface ReleaseAnswer extends ReleaseSummary {
  readonly spec: ReleaseSpec;
  readonly status?: ReleaseStatus | undefined;
}

export interface LogLine {
  readonly number: number;
  readonly at: string;
  readonly kind: string;
  readonly text: string;
}

export interface MeasurementAnswer extends Measurement {
  readonly check: string;
  readonly during: string;
  readonly step?: string | undefined;
  readonly attempt: number;
}

export interface CommandAnswer {
  readonly name: string;
  readonly outcome: 'waiting' | CommandOutcome['outcome'];
  readonly message?: string | undefined;
}

export interface AcceptedAnswer {
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  readonly release?: string | undefined;
  /** Of a dry run: what the server may not read, such as `Secret/database`. */
  readonly unread?: readonly string[] | undefined;
  /** Of a dry run: the kinds of objects that the server may not try. */
  readonly untried?: readonly string[] | undefined;
}

export interface TokenAnswer {
  readonly id: string;
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt?: string | undefined;
  readonly revokedAt?: string | undefined;
  readonly usedAt?: string | undefined;
}

export interface AuditAnswer {
  readonly id: number;
  readonly at: string;
  readonly principal: string;
  readonly address: string;
  readonly action: string;
  readonly namespace?: string | undefined;
  readonly subject?: string | undefined;
  readonly outcome: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface TrafficPoint {
  readonly at: string;
  /** Requests a second. */
  readonly rate: number;
  /** Answers 5xx a second. */
  readonly errorRate: number;
  /** Seconds; absent without requests. */
  readonly p50?: number | undefined;
  readonly p95?: number | undefined;
  readonly p99?: number | undefined;
}

export interface Traffic {
  readonly namespace: string;
  readonly name: string;
  readonly counted: boolean;
  readonly reason?: string | undefined;
  readonly versions: ReadonlyArray<{ readonly version: string; readonly points: readonly TrafficPoint[] }>;
}

/** What an application is asked, and how it answers: of each version. */
export interface TrafficAnswer {
  readonly sampleSeconds: number;
  readonly items: readonly Traffic[];
}

export interface DifferenceAnswer {
  /** Name of the Release. */
  readonly from: string;
  readonly to: string;
  readonly changes: readonly Change[];
  /** Configuration that is gone, or may not be read. */
  readonly unknown: readonly string[];
}

export interface List<Item> {
  readonly items: readonly Item[];
}

export interface EventAnswer {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly kind: string;
  readonly name: string;
  readonly count: number;
  readonly firstAt?: string | undefined;
  readonly lastAt?: string | undefined;
}

/** How somebody may log in, and who has. */
export interface LoginMethods {
  readonly session?: SessionAnswer | undefined;
  readonly oidc?: { readonly issuer: string; readonly path: string } | undefined;
}

export interface EnvironmentAnswer {
  readonly namespace: string;
  readonly permissions: readonly Role[];
  readonly applications: number;
  /** Releases that have not ended. */
  readonly underWay: number;
  /** Applications with fewer ready pods than they should have. */
  readonly unready: number;
}

export interface ReleasedAgainAnswer {
  /** Such as `ConfigMap/settings`; absent where its release is not there yet. */
  readonly changedConfiguration?: readonly string[] | undefined;
}

export interface VariableAnswer {
  readonly name: string;
  /** Absent: it is secret. */
  readonly value?: string | undefined;
  readonly secret: boolean;
}

export interface ImageRuleAnswer {
  readonly repository: string;
  readonly policy: {
    readonly semver?: string | undefined;
    readonly pattern?: string | undefined;
    readonly digestOf?: string | undefined;
  };
  readonly namespaces: readonly string[];
  readonly applications?: readonly string[] | undefined;
  readonly allowAddresses?: readonly string[] | undefined;
}

export interface ManifestsAnswer {
  readonly repository: string;
  readonly branch: string;
  readonly directory: string;
  readonly namespaces: readonly string[];
  readonly force?: boolean | undefined;
  readonly prune?: boolean | undefined;
  readonly allowAddresses?: readonly string[] | undefined;
}

export interface WebhookAnswer {
  readonly id: string;
  readonly name: string;
  readonly sender: string;
  readonly target: {
    readonly images?: readonly ImageRuleAnswer[] | undefined;
    readonly manifests?: ManifestsAnswer | undefined;
  };
  readonly hasCredentials: boolean;
  readonly secretGoes: 'secret' | 'token' | 'authorizationHeader' | 'address';
  readonly createdAt: string;
  readonly createdBy: string;
  readonly rotatedAt?: string | undefined;
}

export interface WebhookSecretAnswer {
  readonly webhook: WebhookAnswer;
  readonly secret: string;
  /** The same as its sender takes it to sign by, where it can. */
  readonly signingToken?: string | undefined;
  /** On this server. */
  readonly path: string;
}

export type WebhookEventAnswer =
  | { readonly type: 'image'; readonly repository: string; readonly tag: string; readonly digest?: string | undefined }
  | { readonly type: 'commit'; readonly repository: string; readonly branch: string; readonly commit: string };

export interface WebhookResultAnswer {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly outcome: 'released' | 'applied' | 'unchanged' | 'removed' | 'left' | 'passedOver' | 'failed';
  readonly message?: string | undefined;
  readonly version?: string | undefined;
  readonly release?: string | undefined;
}

export interface WebhookDeliveryAnswer {
  readonly id: string;
  readonly receivedAt: string;
  readonly address: string;
  readonly events: readonly WebhookEventAnswer[];
  readonly repeats?: string | undefined;
  readonly requestedBy: string;
  readonly state: 'waiting' | 'running' | 'succeeded' | 'failed' | 'ignored' | 'refused';
  readonly attempts: number;
  readonly message?: string | undefined;
  readonly results: readonly WebhookResultAnswer[];
}

export interface ChannelAnswer {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly enabled: boolean;
  readonly url?: string | undefined;
  /** Of an address that is secret. */
  readonly host?: string | undefined;
  readonly mail?:
    | {
        readonly host: string;
        readonly port: number;
        readonly security: string;
        readonly user?: string | undefined;
        readonly from: string;
        readonly to: readonly string[];
      }
    | undefined;
  readonly mode?: string | undefined;
  readonly template?: string | undefined;
  readonly filter: {
    readonly namespaces?: readonly string[] | undefined;
    readonly applications?: readonly string[] | undefined;
    readonly events?: readonly string[] | undefined;
  };
  readonly hasSecret: boolean;
  readonly createdAt: string;
  readonly createdBy: string;
  /** What it was not told of, because too much waited for it. */
  readonly leftOut?: { readonly count: number; readonly since: string; readonly last: string } | undefined;
}

export interface NotificationAnswer {
  readonly id: string;
  /** Id of its channel. */
  readonly channel: string;
  readonly event: {
    readonly type?: string | undefined;
    readonly namespace?: string | undefined;
    readonly application?: string | undefined;
    readonly release?: string | undefined;
    readonly version?: string | undefined;
  };
  readonly state: 'pending' | 'delivered' | 'dead';
  readonly attempts: number;
  readonly createdAt: string;
  readonly nextAt?: string | undefined;
  readonly deliveredAt?: string | undefined;
  readonly error?: string | undefined;
}
