/** What adopting and ejecting look at, and what they do, as data. */
import type {
  AutoscalingV2HorizontalPodAutoscaler,
  Deployment,
  EndpointSlice,
  LabelSelector,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  Service,
} from '@slipway/kube/api.generated';
import type { Patch } from '@slipway/kube/client';
import { apiVersionOf, type KubeObject, type ResourceType } from '@slipway/kube/object';
import { controllerOf } from '@slipway/kube/owner-references';
import type { Split } from '@slipway/kube/split';
import type { Application } from '../api/application.ts';
import type { Release } from '../api/release.ts';
import { annotations } from '../names.ts';

export type Autoscaler = AutoscalingV2HorizontalPodAutoscaler;

export const autoscalers: ResourceType<Autoscaler> = {
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  namespaced: true,
};

/** Of one namespace, at one look. */
export interface AdoptionWorld {
  readonly deployment: Deployment | undefined;
  readonly applications: readonly Application[];
  readonly releases: readonly Release[];
  readonly splits: readonly Split[];
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  readonly budgets: readonly PodDisruptionBudget[];
  /** None where the cluster does not know the kind. */
  readonly autoscalers: readonly Autoscaler[];
}

export interface AdoptionRequest {
  readonly namespace: string;
  /** Names. */
  readonly deployment: string;
  readonly application: string;
  /** Of the Application, where there is none yet. */
  readonly strategy?: string | undefined;
  readonly movesAutoscaler: boolean;
}

export interface EjectionRequest {
  readonly namespace: string;
  /** Name. */
  readonly deployment: string;
  readonly movesAutoscaler: boolean;
}

interface StepDetails {
  readonly create: { readonly type: ResourceType; readonly object: KubeObject };
  /** Of the object as it was seen: the patch carries its resourceVersion. */
  readonly patch: { readonly type: ResourceType; readonly object: KubeObject; readonly patch: Patch };
  /** The whole object as it should be, under the resourceVersion that was seen. */
  readonly update: { readonly type: ResourceType; readonly object: KubeObject };
  readonly delete: { readonly type: ResourceType; readonly object: KubeObject };
  /** Nothing to write: somebody else has to follow first. */
  readonly wait: object;
}

export type Step = {
  readonly [Verb in keyof StepDetails]: { readonly verb: Verb; readonly what: string } & StepDetails[Verb];
}[keyof StepDetails];

/** Steps of one stage do not depend on each other; the next stage begins when nothing is left of it. */
export type Stage = readonly Step[];

export interface HandoverPlan {
  /** Why it cannot be done; nothing is written then. */
  readonly refusals: readonly string[];
  /** What a person should know before he agrees. */
  readonly notes: readonly string[];
  readonly stages: readonly Stage[];
}

export function refuse(...refusals: readonly string[]): HandoverPlan {
  return { refusals, notes: [], stages: [] };
}

/** A merge patch that holds for what was seen and for nothing newer. */
export function merge<T extends KubeObject>(
  type: ResourceType<T>,
  object: T,
  { what, body }: { readonly what: string; readonly body: { readonly metadata?: object; readonly spec?: object } },
): Step {
  const { resourceVersion } = object.metadata;
  const patch: Patch = { type: 'merge', body: { ...body, metadata: { ...body.metadata, resourceVersion } } };
  return { verb: 'patch', type, object, patch, what };
}

/** Pods that one ReplicaSet has and goes on having. */
export function podsOf({ pods }: AdoptionWorld, set: ReplicaSet): readonly Pod[] {
  return pods.filter((pod) => controllerOf(pod)?.uid === set.metadata.uid && isLive(pod));
}

/** Neither ended nor about to. */
export function isLive({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

/** The labels that a selector looks at. */
export function selectorKeys({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): readonly string[] {
  return [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)];
}

export function noteOf({ metadata }: KubeObject, name: keyof typeof annotations): string | undefined {
  return metadata.annotations?.[annotations[name]];
}

/** The autoscalers that size what is named so. */
export function autoscalersOf(
  { autoscalers: all }: AdoptionWorld,
  target: { readonly kind: string; readonly name: string },
): readonly Autoscaler[] {
  return all.filter(
    ({ spec }) => spec?.scaleTargetRef.kind === target.kind && spec.scaleTargetRef.name === target.name,
  );
}

export function moveAutoscaler(scaler: Autoscaler, type: ResourceType, name: string): Step {
  const scaleTargetRef = { apiVersion: apiVersionOf(type), kind: type.kind, name };
  return merge(autoscalers, scaler, {
    what: `size the ${type.kind} ${name} from now on`,
    body: { spec: { scaleTargetRef } },
  });
}

/** Those that refer to the Deployment. */
export function referringTo({ applications: all }: AdoptionWorld, name: string): readonly Application[] {
  return all.filter(({ spec }) => spec.workloadRef?.kind === 'Deployment' && spec.workloadRef.name === name);
}

export function describe(type: Pick<ResourceType, 'kind'>, { metadata }: KubeObject): string {
  return `${type.kind} ${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
