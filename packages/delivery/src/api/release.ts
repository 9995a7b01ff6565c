import type { PodTemplateSpec } from '@slipway/kube/api.generated';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import type { ApplicationServiceSpec, EnvironmentSource, HealthCheck, Strategy } from './application.ts';
import type { Check, CheckState } from './check.ts';
import type { DeliveryCondition } from './condition.ts';
import type { GateOutcome } from './gate-outcome.ts';
import type { Hooks, HookTime } from './hook.ts';
import type { CommandOutcome } from './release-command.ts';

/** One attempt to make one version of an Application live. Its spec never changes. */
export interface Release extends KubeObject {
  readonly spec: ReleaseSpec;
  readonly status?: ReleaseStatus | undefined;
}

/** A copy of what was asked: in force for this release whatever happens to the Application. */
export interface ReleaseSpec {
  readonly application: string;
  readonly applicationUid: string;
  readonly version: string;
  readonly identity: Identity;
  readonly template: PodTemplateSpec;
  readonly service?: ApplicationServiceSpec | undefined;
  readonly environmentFrom?: readonly EnvironmentSource[] | undefined;
  /** Name of the frozen copy by `Kind/name` of the object that the template refers to. */
  readonly frozen?: Readonly<Record<string, string>> | undefined;
  /** It ran before there was an Application, in the ReplicaSet of a Deployment. */
  readonly adopted?: AdoptedVersion | undefined;
  readonly strategy: Strategy;
  readonly healthCheck?: HealthCheck | undefined;
  readonly checks?: readonly Check[] | undefined;
  readonly hooks?: Hooks | undefined;
  readonly guardSeconds: number;
  readonly progressDeadlineSeconds: number;
  readonly drainSeconds: number;
  readonly keepFailedSeconds: number;
}

export interface AdoptedVersion {
  readonly deployment: string;
  readonly replicaSet: string;
}

export interface Identity {
  /** `h1:` and 16 hex digits: the hash's own version, so that a later way to hash does not look like a change. */
  readonly template: string;
  readonly configuration: string;
}

export const releasePhases = [
  'Pending',
  'Progressing',
  'Paused',
  'Promoting',
  'Guarding',
  'Succeeded',
  'RollingBack',
  'RolledBack',
  'Failed',
  'Superseded',
] as const;
export type ReleasePhase = (typeof releasePhases)[number];

export interface GateResult {
  readonly name: string;
  readonly attempt: number;
  readonly startedAt: string;
  readonly endedAt?: string | undefined;
  /** Absent while it runs. */
  readonly outcome?: GateOutcome | undefined;
  readonly message?: string | undefined;
  /** Of a hook. */
  readonly during?: HookTime | undefined;
  /** Of a hook: the name of its Job, and the key by which a receiver knows a call again. */
  readonly key?: string | undefined;
  /** Of the Job, once it was seen: one that is gone is not started again. */
  readonly jobUid?: string | undefined;
  /** Of an approval: the name of what was given. */
  readonly approval?: string | undefined;
  /** Of a webhook: the last call. */
  readonly call?: WebhookAnswer | undefined;
}

/** What came of calling a webhook. */
export interface WebhookAnswer {
  /** Counted from 1 in each attempt. */
  readonly number: number;
  readonly outcome: Extract<GateOutcome, 'passed' | 'failed' | 'error'>;
  /** HTTP status; absent when nobody answered. */
  readonly code?: number | undefined;
  /** The answer's first KiB, or the cause of the error. */
  readonly answer: string;
  readonly at: string;
}

/** What one pod said of its health last. */
export interface HealthAnswer {
  readonly pod: string;
  readonly uid: string;
  readonly outcome: GateOutcome;
  /** HTTP status; absent when the pod could not be asked. */
  readonly code?: number | undefined;
  /** The answer's first KiB, or the cause of the error. */
  readonly answer: string;
  readonly at: string;
}

export interface SplitInForce {
  readonly weights: Readonly<Record<string, number>>;
  readonly confirmed: boolean;
  /** How: `dataPlane` by every live gateway, `endpoints` by EndpointSlices. */
  readonly confirmedBy?: string | undefined;
}

export interface ReleaseAttempt {
  readonly number: number;
  readonly cause: string;
  readonly by?: string | undefined;
  readonly startedAt: string;
  readonly endedAt?: string | undefined;
  readonly outcome?: string | undefined;
}

export interface PhaseTransition {
  readonly phase: ReleasePhase;
  readonly at: string;
  readonly reason?: string | undefined;
}

/** Why a release that returns traffic does so, and what it becomes when that is done. */
export interface ReleaseEnding {
  readonly phase: 'RolledBack' | 'Failed' | 'Superseded';
  readonly by: string;
  readonly reason: string;
  /** Name of the ReleaseCommand that asked for it; absent where no person did. */
  readonly command?: string | undefined;
}

export interface TrafficCount {
  /** Of the gateway. */
  readonly instance: string;
  readonly requests: number;
  /** Answers 5xx. */
  readonly errors: number;
}

/** What a container of the version runs, as the runtimes resolved it; more than one where a tag was moved meanwhile. */
export interface ContainerImages {
  readonly container: string;
  readonly imageIDs: readonly string[];
}

export interface ReleaseStatus {
  readonly observedGeneration?: number | undefined;
  readonly phase: ReleasePhase;
  /** What is waited for and since when; no counting clock. */
  readonly waitingFor?: string | undefined;
  readonly waitingSince?: string | undefined;
  /** Such as `2 of 5: setWeight 40`. */
  readonly step?: string | undefined;
  /** Steps that are done. */
  readonly stepIndex?: number | undefined;
  /** The step that a person ended last, for whom takes that back. */
  readonly resumedStep?: number | undefined;
  /** Since when the step's share of the traffic is in force, where it waits for something more. */
  readonly stepSince?: string | undefined;
  readonly split?: SplitInForce | undefined;
  readonly replicas?: { readonly desired: number; readonly ready: number; readonly serving: number } | undefined;
  readonly gates?: readonly GateResult[] | undefined;
  /** Runs of checks, oldest first; those of the last attempt. */
  readonly checks?: readonly CheckState[] | undefined;
  /** 50 at most, failures first. */
  readonly health?: readonly HealthAnswer[] | undefined;
  readonly images?: readonly ContainerImages[] | undefined;
  /** Images that cannot be pulled, and the cause that was heard first. */
  readonly imageFaults?: Readonly<Record<string, string>> | undefined;
  /** The last 10. */
  readonly attempts?: readonly ReleaseAttempt[] | undefined;
  readonly commands?: readonly CommandOutcome[] | undefined;
  readonly transitions?: readonly PhaseTransition[] | undefined;
  readonly ending?: ReleaseEnding | undefined;
  readonly pausedBy?: string | undefined;
  /** Who had paused it when it was promoted, for whom takes that back. */
  readonly pausedBefore?: string | undefined;
  /** A person promoted it: gates that had not passed count as passed. */
  readonly promotedBy?: string | undefined;
  /** Name of the Release that served when this attempt began, to which an abort returns; absent for a first version. */
  readonly previous?: string | undefined;
  /** From when the deadline counts: the last time that something moved, and later by every time it stood still since. */
  readonly progressedAt?: string | undefined;
  /** Since when the deadline stands still; absent while it counts. */
  readonly standingSince?: string | undefined;
  /** Up to when time without progress, or under guard, is counted: what passes without a look at the release is not. */
  readonly countedAt?: string | undefined;
  readonly startedAt?: string | undefined;
  /** Every pod of the candidate ready and every gate before the promotion passed. */
  readonly healthyAt?: string | undefined;
  /** All traffic, outside and inside, at the candidate, and confirmed. */
  readonly trafficMovedAt?: string | undefined;
  /** Later than it began by `guardSeconds`, and by the time in which nobody watched. */
  readonly guardEndsAt?: string | undefined;
  /** A newer version ended it before that. */
  readonly guardCutShort?: boolean | undefined;
  /** Pods that should serve when all traffic had moved: those that a later scaling asks for are not missed yet. */
  readonly guardedReplicas?: number | undefined;
  /** What gateways had counted of the version before the guard began, where it had traffic before. */
  readonly trafficAtStart?: readonly TrafficCount[] | undefined;
  /** The first time that a request may have come: what never served needs no draining. */
  readonly firstTrafficAt?: string | undefined;
  /** Going back: since when all traffic is at the version before again. */
  readonly trafficReturnedAt?: string | undefined;
  /** When another version became the stable one in its place. */
  readonly servedUntil?: string | undefined;
  readonly finishedAt?: string | undefined;
  readonly conditions?: readonly DeliveryCondition[] | undefined;
}

/** By it a server holds a Release until its last state is written down; for an hour at most, once it is deleted. */
export const archiveFinalizer = 'slipway.dev/archive';

export const releases: ResourceType<Release> = {
  group: 'slipway.dev',
  version: 'v1alpha1',
  kind: 'Release',
  plural: 'releases',
  namespaced: true,
};

export function isFinished(phase: ReleasePhase): boolean {
  return phase === 'Succeeded' || phase === 'RolledBack' || phase === 'Failed' || phase === 'Superseded';
}

/** `1.4.0` for `1.4.0` and for its later configurations `1.4.0-c2`, `1.4.0-c3`. */
export function isOfVersion(release: Release, version: string): boolean {
  const own = release.spec.version;
  return own === version || (own.startsWith(`${version}-c`) && /^\d+$/.test(own.slice(version.length + 2)));
}
