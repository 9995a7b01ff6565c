import type { PodTemplateSpec, ServiceSpec } from '@slipway/kube/api.generated';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import type { ParentReference, SplitCondition } from '@slipway/kube/split';
import type { Check } from './check.ts';
import type { DeliveryCondition } from './condition.ts';
import type { Hooks } from './hook.ts';
import type { CommandOutcome } from './release-command.ts';

/** What should run, how it is reached, and how it is released. The controller never writes `spec`. */
export interface Application extends KubeObject {
  readonly spec: ApplicationSpec;
  readonly status?: ApplicationStatus | undefined;
}

export interface ApplicationSpec {
  /** `#` or absent: the next whole number, from `status.lastNumber`. */
  readonly version?: string | undefined;
  /** Default 1. */
  readonly replicas?: number | undefined;
  readonly template?: PodTemplateSpec | undefined;
  readonly workloadRef?: WorkloadReference | undefined;
  readonly service?: ApplicationServiceSpec | undefined;
  /** Absent: reachable inside the cluster only. */
  readonly route?: ApplicationRoute | undefined;
  readonly healthCheck?: HealthCheck | undefined;
  readonly environmentFrom?: readonly EnvironmentSource[] | undefined;
  readonly configuration?: { readonly live?: readonly string[] | undefined } | undefined;
  readonly strategy?: Strategy | undefined;
  /** Metrics that are watched during the release and by the guard. */
  readonly checks?: readonly Check[] | undefined;
  readonly hooks?: Hooks | undefined;
  readonly guardSeconds?: number | undefined;
  readonly progressDeadlineSeconds?: number | undefined;
  readonly drainSeconds?: number | undefined;
  readonly keepFailedSeconds?: number | undefined;
  readonly history?: History | undefined;
  readonly deletionPolicy?: DeletionPolicy | undefined;
  readonly paused?: boolean | undefined;
  /** Applications of the namespace that have all traffic at what they ask for before this one takes any. In force at once. */
  readonly dependsOn?: readonly string[] | undefined;
}

export interface WorkloadReference {
  readonly kind: string;
  readonly name: string;
}

export type ApplicationServiceSpec = Omit<ServiceSpec, 'selector'>;

export const routeProviders = ['gateway', 'gatewayApi', 'ingressNginx', 'istio', 'none'] as const;
export type RouteProvider = (typeof routeProviders)[number];

export interface ApplicationRoute {
  readonly hosts?: readonly string[] | undefined;
  readonly paths?: readonly string[] | undefined;
  readonly redirectWww?: boolean | undefined;
  readonly compression?: boolean | undefined;
  readonly responseHeaders?: Readonly<Record<string, string>> | undefined;
  readonly tls?: { readonly secretName: string } | undefined;
  /** Default `gateway`. */
  readonly through?: RouteProvider | undefined;
  /** The Gateways that take the requests in: of `gatewayApi`, and of `istio`, where none is the mesh alone. */
  readonly parentRefs?: readonly ParentReference[] | undefined;
  /** How long a router of another project may take to follow what it has accepted. Default 10. */
  readonly propagationSeconds?: number | undefined;
  /** How long the router before carries requests too, once another one has the route in force. Default 300. */
  readonly handoverSeconds?: number | undefined;
}

/** Whether requests from outside are led by some router. Without one a share of the traffic is a share of the pods. */
export function hasRouter(route: ApplicationRoute | undefined): route is ApplicationRoute {
  return route !== undefined && route.through !== 'none';
}

export type HealthCheckType = 'simple' | 'probe';

export interface HealthCheck {
  readonly path?: string | undefined;
  readonly port?: number | string | undefined;
  /** `simple` is any 2xx, `probe` the JSON `{"healthy": true}`. Default `simple`. */
  readonly type?: HealthCheckType | undefined;
  /** Within which every pod must have answered that it is healthy. Default 60. */
  readonly timeoutSeconds?: number | undefined;
  /** Ask and record, but go on whatever the answer is. */
  readonly ignore?: boolean | undefined;
}

export interface EnvironmentSource {
  readonly prefix?: string | undefined;
  readonly configMapRef?: { readonly name: string; readonly optional?: boolean | undefined } | undefined;
  readonly secretRef?: { readonly name: string; readonly optional?: boolean | undefined } | undefined;
}

export interface Strategy {
  readonly type: string;
  readonly rolling?: RollingParameters | undefined;
  readonly blueGreen?: BlueGreenParameters | undefined;
  readonly recreate?: RecreateParameters | undefined;
  readonly canary?: CanaryParameters | undefined;
  readonly rainbow?: RainbowParameters | undefined;
}

export interface RollingParameters {
  /** A number or a percentage of `replicas`, rounded up. Default 25 %. */
  readonly maxSurge?: number | string | undefined;
  /** A number or a percentage of `replicas`, rounded down. Default 0. */
  readonly maxUnavailable?: number | string | undefined;
}

export interface RecreateParameters {
  /**
   * How long one request from outside waits at the gateway while nobody serves; then it is answered 503. Default 0. Who
   * comes by the Service is not held.
   */
  readonly holdSeconds?: number | undefined;
}

/** A session is a cookie that the gateway gives and signs; it stays with the version that it began with. */
export interface RainbowParameters {
  /** That have sessions once a release has succeeded, the newest among them. Default 3. */
  readonly maxVersions?: number | undefined;
  /** How long a version keeps its sessions after a newer one has become stable. Default 86400. */
  readonly maxAgeSeconds?: number | undefined;
  /** Without a request for so long a session is over. Default 1800. */
  readonly idleSeconds?: number | undefined;
}

export interface BlueGreenParameters {
  /** Default true. */
  readonly autoPromote?: boolean | undefined;
  /** Seconds between passed gates and promotion. Default 0. */
  readonly promoteAfterSeconds?: number | undefined;
  readonly previewHosts?: readonly string[] | undefined;
  /** Pods of the candidate until it is promoted. Default `replicas`. */
  readonly previewReplicas?: number | undefined;
}

export interface CanaryParameters {
  readonly steps?: readonly CanaryStep[] | undefined;
  /** How long a user keeps a version, by a cookie; he never moves back as the weight grows. Absent: each request for itself. */
  readonly stickySeconds?: number | undefined;
  /** Inside the cluster a share is one of pods: more than 5 points beside the weight is refused without this. */
  readonly approximate?: boolean | undefined;
}

/** Requests that fulfil every condition. */
export interface CanaryMatch {
  readonly headers?: readonly SplitCondition[] | undefined;
  readonly cookies?: readonly SplitCondition[] | undefined;
}

/** Exactly one of them. */
export interface CanaryStep {
  /** Of the traffic, in percent. */
  readonly setWeight?: number | undefined;
  /** Without `seconds` until a person resumes it. */
  readonly pause?: { readonly seconds?: number | undefined } | undefined;
  /** Goes on when the check of this name has passed. */
  readonly check?: string | undefined;
  /** At least so many pods from here on: a number, or a percentage of `replicas`, rounded up. */
  readonly setReplicas?: number | string | undefined;
  /** From here on these requests go to the candidate, whatever its weight; without conditions none any more. */
  readonly match?: CanaryMatch | undefined;
  /** From here on the candidate gets a copy of so many requests, whose answers nobody gets; 0: of none any more. */
  readonly mirror?: { readonly percent: number } | undefined;
}

export interface History {
  /** Releases that are kept. Default 10. */
  readonly limit?: number | undefined;
  /** How long after its end a release can be returned to without gates. Default 3600. */
  readonly rollbackWindowSeconds?: number | undefined;
  /** How long after its end the version before it keeps its pods. Default 0. */
  readonly keepRunningSeconds?: number | undefined;
}

export type DeletionPolicy = 'Delete' | 'Orphan';

export interface ApplicationStatus {
  readonly observedGeneration?: number | undefined;
  /** Version that serves users, and the Release that made it live. */
  readonly serving?: ServingVersion | undefined;
  /** The Release that is under way. */
  readonly candidate?: string | undefined;
  /** The highest number that was given to a version without one. */
  readonly lastNumber?: number | undefined;
  readonly refused?: readonly RefusedVersion[] | undefined;
  /** The last 5 that were asked while there was no release to note them with. */
  readonly commands?: readonly CommandOutcome[] | undefined;
  /** A configuration that has changed and is given two seconds to change further. */
  readonly settling?: SettlingConfiguration | undefined;
  /** Versions that have sessions, the newest first; of strategy rainbow. */
  readonly sessions?: readonly VersionSessions[] | undefined;
  /** Pods of the version with most traffic, for the scale subresource. */
  readonly replicas?: number | undefined;
  readonly readyReplicas?: number | undefined;
  readonly selector?: string | undefined;
  readonly phase?: string | undefined;
  readonly waitingFor?: string | undefined;
  readonly conditions?: readonly DeliveryCondition[] | undefined;
}

export interface SettlingConfiguration {
  readonly hash: string;
  readonly since: string;
}

export interface ServingVersion {
  readonly version: string;
  readonly release: string;
  readonly hash: string;
}

export interface VersionSessions {
  readonly version: string;
  readonly release: string;
  /** To within a tenth; absent while it is not known that there are none. */
  readonly count?: number | undefined;
  /** Pods that are ready for them. */
  readonly pods: number;
}

/** A version that is not tried again until spec changes or a person says retry. */
export interface RefusedVersion {
  readonly version: string;
  /** Of the template and the frozen configuration. */
  readonly hash: string;
  readonly by: string;
  readonly at: string;
  readonly reason: string;
  /** Generation of the Application that asked for it. */
  readonly generation: number;
  /** Of everything that a release copies: it is not tried again as long as spec asks for the same. */
  readonly attempt?: string | undefined;
  /** Spec has asked for something else since: the entry is history, and the version may be asked for again. */
  readonly lifted?: boolean | undefined;
}

export const applications: ResourceType<Application> = {
  group: 'slipway.dev',
  version: 'v1alpha1',
  kind: 'Application',
  plural: 'applications',
  namespaced: true,
};
