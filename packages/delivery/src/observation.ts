/** What is known of one Application when a decision is made. Readonly, complete, and free of clients. */
import type { EndpointSlice, Job, Pod, PodDisruptionBudget, ReplicaSet, Service } from '@slipway/kube/api.generated';
import type { KubeObject } from '@slipway/kube/object';
import { isConditionTrue } from '@slipway/kube/conditions';
import { serviceNameOf } from '@slipway/kube/endpoint-slices';
import type { StatusCause } from '@slipway/kube/status-error';
import { carriersOf, type Split, type SplitHandling } from '@slipway/kube/split';
import { hasRouter, type Application } from './api/application.ts';
import type { ReleaseApproval } from './api/release-approval.ts';
import type { ReleaseCommand } from './api/release-command.ts';
import type { HealthAnswer, Release } from './api/release.ts';
import type { Copy, Source } from './configuration/content.ts';
import type { TakenMeasurement } from './gates/metric/check-state.ts';
import type { HookFinding } from './hooks/hook-finding.ts';
import type { Workload } from './adoption/workload.ts';
import { annotations, backendName, isAdoptedBy, labels, replicaSetName } from './names.ts';
import type { Companions } from './order/companions.ts';

export interface Observation {
  /** With the template that it refers to, where that is of a Deployment which it has adopted. */
  readonly application: Application;
  /** Absent: spec refers to none. */
  readonly workload?: Workload | undefined;
  /** Oldest first. */
  readonly releases: readonly Release[];
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  /**
   * For how many milliseconds the one who leads has seen pods drain, by uid, by a clock that nobody sets. Absent: it sees a pod
   * so for the first time.
   */
  readonly drainedFor: ReadonlyMap<string, number>;
  /** For how long it has seen pods that have left, likewise. Absent: it sees them so for the first time. */
  readonly leftFor?: ReadonlyMap<string, number> | undefined;
  /**
   * For how many milliseconds the one who leads has seen each gateway confirm the generation of the Split that it confirms now,
   * and serve of it what it serves now, by name, by that clock too. Absent: it sees it so for the first time.
   */
  readonly confirmedFor: ReadonlyMap<string, number>;
  readonly services: readonly Service[];
  /** Of the namespace, and of no Application. Absent: none. */
  readonly otherServices?: readonly Service[] | undefined;
  readonly slices: readonly EndpointSlice[];
  /** Ours, and those of the namespace that are of no Application. */
  readonly budgets: readonly PodDisruptionBudget[];
  readonly split: Split | undefined;
  /** Names of gateway instances whose Lease is live. */
  readonly gateways: readonly string[];
  /** The highest resourceVersion of EndpointSlices that gateways route by, by name. Absent: one does not say so. */
  readonly observedEndpoints?: ReadonlyMap<string, number> | undefined;
  readonly commands: readonly ReleaseCommand[];
  readonly approvals: readonly ReleaseApproval[];
  /** What pods answered to their health check, by pod uid. */
  readonly answers: ReadonlyMap<string, HeardAnswer>;
  /** The ConfigMaps and Secrets that spec refers to and that exist, by `Kind/name`. */
  readonly sources: ReadonlyMap<string, Source>;
  /** Frozen ones, of whichever version. */
  readonly copies: readonly Copy[];
  /** How the API server took the objects of the version that spec asks for, when it was last asked. */
  readonly trial: Trial | undefined;
  /** What is wrong with the expressions of its checks. Absent: nothing. */
  readonly expressionFaults?: readonly StatusCause[] | undefined;
  /** Why the last look could not do what it had decided. Absent: it could. */
  readonly failure?: string | undefined;
  /** The newest measurement of each run of a check, by `measurementKey`. */
  readonly measurements: ReadonlyMap<string, TakenMeasurement>;
  /** Of hooks, of whichever version. */
  readonly jobs: readonly Job[];
  /** What was found out about hooks that run or have ended, by the key of the run. */
  readonly hookFindings: ReadonlyMap<string, HookFinding>;
  /** Other Applications, whose releases come before its own. */
  readonly companions: Companions;
  /** The Secret that signs sessions, without its content. */
  readonly sessionKey: KubeObject | undefined;
}

/** A pod lives on through attempts, and times do not tell them apart: clocks jump. */
export interface HeardAnswer extends HealthAnswer {
  /** In which it was asked. */
  readonly attempt: number;
}

/** What a dry run said, for one content. */
export interface Trial {
  readonly attempt: string;
  readonly at: number;
  /** For how long a refusal stands, in milliseconds, before the API server is asked again. */
  readonly standsFor: number;
  /** Undefined: everything would be accepted. */
  readonly refusal: (Refusal & { readonly all?: readonly Refusal[] | undefined }) | undefined;
}

interface Refusal {
  readonly reason: 'TemplateRefused' | 'NameConflict';
  readonly message: string;
  /** What has to change before it is taken: spec itself, or maybe a quota, a policy or somebody else's object. */
  readonly cause: 'spec' | 'cluster';
}

/** One version as the strategies see it. */
export interface VersionView {
  readonly release: Release;
  readonly replicaSet: ReplicaSet | undefined;
  /** Not being deleted. */
  readonly pods: readonly Pod[];
  readonly ready: readonly Pod[];
  /** Ready, and behind the Service of their version. */
  readonly backends: readonly Pod[];
  /** Ready, labelled, and confirmed in the EndpointSlices of the Application's Service. */
  readonly serving: readonly Pod[];
  /** Ready, labelled, and named there, though the EndpointSlices may not know yet that they are ready. */
  readonly arriving: readonly Pod[];
  /** In the EndpointSlices of the Application's Service, with or without the label: requests may still come. */
  readonly listed: readonly Pod[];
}

/** What the views of all versions are made of. */
interface Scene extends Pick<Observation, 'replicaSets' | 'pods' | 'slices' | 'services'> {
  readonly name: string | undefined;
  readonly uid: string | undefined;
  readonly isServed: boolean;
  /** Services by which clients in the cluster come. */
  readonly reaching: readonly string[];
  /** By what never changes of a release: its status is none of what is seen here. */
  readonly views: Map<Release['spec'], VersionView>;
}

const scenes = new WeakMap<Observation['pods'], Scene>();

/** What was observed never changes: a version is looked at once, however many ask for it, and whatever becomes of its status. */
export function viewOf(observation: Observation, release: Release): VersionView {
  const scene = sceneOf(observation);
  const known = scene.views.get(release.spec);
  if (known?.release === release) return known;
  const view = known === undefined ? calculateView(scene, release) : { ...known, release };
  scene.views.set(release.spec, view);
  return view;
}

function sceneOf(observation: Observation): Scene {
  const { application, replicaSets, pods, slices, services } = observation;
  const { name, uid } = application.metadata;
  const isServed = application.spec.service !== undefined;
  const known = scenes.get(pods);
  const isSame = known?.slices === slices && known.replicaSets === replicaSets && known.services === services;
  if (isSame && known.name === name && known.uid === uid && known.isServed === isServed) return known;
  const reaching = servingServices(observation);
  const scene: Scene = { name, uid, isServed, replicaSets, pods, slices, services, reaching, views: new Map() };
  scenes.set(pods, scene);
  return scene;
}

function calculateView({ reaching, ...scene }: Scene, release: Release): VersionView {
  const name = release.metadata.name ?? '';
  const ownName = replicaSetName(release.spec);
  const pods = scene.pods.filter(
    ({ metadata }) => metadata.labels?.[labels.release] === name && metadata.deletionTimestamp === undefined,
  );
  const ready = pods.filter(isReady);
  const endpoints = reaching.map((service) => readyEndpoints(scene, service));
  const named = reaching.map((service) => namedEndpoints(scene, service));
  // Without a Service there is nobody to confirm anything: the label is all there is.
  const isInEvery = (all: ReadonlyArray<ReadonlySet<string>>, { metadata: { name = '' } }: Pod): boolean =>
    all.every((one) => one.has(name));
  return {
    release,
    replicaSet: scene.replicaSets.find(({ metadata }) => metadata.name === ownName),
    pods,
    ready,
    backends: ready.filter(isBackend),
    serving: ready.filter((pod) => isServing(pod) && isInEvery(endpoints, pod)),
    arriving: ready.filter((pod) => isServing(pod) && isInEvery(named, pod)),
    listed: pods.filter(({ metadata: { name = '' } }) => endpoints.some((one) => one.has(name))),
  };
}

export function isReady(pod: Pod): boolean {
  return isConditionTrue(pod.status?.conditions, 'Ready');
}

/** Labelled to take the Application's traffic. */
export function isServing(pod: Pod): boolean {
  return pod.metadata.labels?.[labels.serves] === 'true';
}

/** Labelled to stand behind the Service of its version, to which a split gives weight. */
export function isBackend(pod: Pod): boolean {
  return pod.metadata.labels?.[labels.backend] === 'true';
}

/** To be the first that the ReplicaSet controller removes: without the mark it might choose another one. */
export function isMarked({ metadata }: Pod): boolean {
  return metadata.annotations?.[annotations.deletionCost] !== undefined;
}

/** When the pod stopped serving, in milliseconds. */
export function leftAt(pod: Pod): number | undefined {
  return timeOf(pod, annotations.leftAt);
}

/** From when on no new requests came to a pod that has left: the endpoints had followed; in milliseconds. */
export function drainingSince(pod: Pod): number | undefined {
  return timeOf(pod, annotations.drainingSince);
}

/**
 * Milliseconds that requests to a pod that has left may still take. The time that is written down says that it drains and not
 * for how long: clocks jump. Who leads anew lets it drain once more.
 */
export function drainLeft({ drainedFor }: Pick<Observation, 'drainedFor'>, pod: Pod, drainSeconds: number): number {
  const left = drainSeconds * 1_000 - (drainedFor.get(pod.metadata.uid ?? '') ?? 0);
  return drainingSince(pod) === undefined ? 0 : Math.max(0, left);
}

/** Its leaving is confirmed by the endpoints, and nobody has written down when. */
export function isDrainUnnoted(pod: Pod): boolean {
  return hasLeft(pod) && drainingSince(pod) === undefined;
}

/** Ready, and out of the traffic that it had: requests to it may still be under way. */
export function hasLeft(pod: Pod): boolean {
  return isReady(pod) && leftAt(pod) !== undefined;
}

function timeOf({ metadata }: Pod, annotation: string): number | undefined {
  const text = metadata.annotations?.[annotation];
  return text === undefined ? undefined : Date.parse(text);
}

/** Names of the Services by which clients in the cluster come: the Application's own, and those it has adopted. */
export function servingServices(observation: Observation): readonly string[] {
  const { spec, metadata } = observation.application;
  const own = spec.service === undefined ? [] : [metadata.name ?? ''];
  return [...new Set([...own, ...adoptedServices(observation)])];
}

export function adoptedServices({ application, services }: Observation): readonly string[] {
  const { uid = '' } = application.metadata;
  return services.filter((service) => isAdoptedBy(service, uid)).flatMap(({ metadata }) => metadata.name ?? []);
}

/** Names of the pods that stand as ready in the EndpointSlices of a Service. */
export function readyEndpoints({ slices }: Pick<Observation, 'slices'>, service: string): ReadonlySet<string> {
  return endpointsOf(slices, service).ready;
}

function namedEndpoints({ slices }: Pick<Observation, 'slices'>, service: string): ReadonlySet<string> {
  return endpointsOf(slices, service).named;
}

/** Names of pods. */
interface Endpoints {
  readonly named: ReadonlySet<string>;
  readonly ready: ReadonlySet<string>;
}

const endpoints = new WeakMap<Observation['slices'], Map<string, Endpoints>>();

function endpointsOf(slices: Observation['slices'], service: string): Endpoints {
  const known = endpoints.get(slices) ?? new Map<string, Endpoints>();
  endpoints.set(slices, known);
  const found = known.get(service) ?? calculateEndpoints(slices, service);
  known.set(service, found);
  return found;
}

function calculateEndpoints(slices: Observation['slices'], service: string): Endpoints {
  const named = new Set<string>();
  const ready = new Set<string>();
  for (const slice of slices) {
    if (serviceNameOf(slice) !== service) continue;
    for (const { targetRef, conditions } of slice.endpoints ?? []) {
      if (targetRef?.name === undefined) continue;
      named.add(targetRef.name);
      if (conditions?.ready !== false) ready.add(targetRef.name);
    }
  }
  return { named, ready };
}

/** Weights that the Split asks for, by release name. */
export function splitWeights({ split, releases }: Observation): Weights {
  if (split === undefined) return nobodysWeights;
  const known = weights.get(split);
  if (known?.releases === releases) return known.weights;
  const calculated = calculateWeights(split.spec, releases);
  weights.set(split, { releases, weights: calculated });
  return calculated;
}

type Weights = Readonly<Record<string, number>>;

const nobodysWeights: Weights = {};

const weights = new WeakMap<Split, { readonly releases: Observation['releases']; readonly weights: Weights }>();

function calculateWeights({ rules }: Split['spec'], releases: Observation['releases']): Weights {
  const nameOf = (service: string): string =>
    releases.find(({ spec }) => backendName(spec) === service)?.metadata.name ?? service;
  return Object.fromEntries((rules[0]?.backends ?? []).map(({ service, weight }) => [nameOf(service), weight]));
}

/** What a release asks of the Split beside the weights; empty where nothing but those decides. Sessions outlast releases. */
export function handlingOf({ split }: Observation): Omit<SplitHandling, 'sessions'> {
  const { matches, mirror, hold, sticky } = split?.spec.rules[0] ?? {};
  return {
    ...(matches === undefined ? {} : { matches }),
    ...(mirror === undefined ? {} : { mirror }),
    ...(hold === undefined ? {} : { hold }),
    ...(sticky === undefined ? {} : { sticky }),
  };
}

/** Whatever has weight beside that release: a version without a record is named by its Service. */
export function otherWeights(observation: Observation, { metadata }: Release): readonly string[] {
  return Object.entries(splitWeights(observation)).flatMap(([name, weight]) =>
    weight > 0 && name !== metadata.name ? [name] : [],
  );
}

/** The release that the preview hosts lead to: the rule beside the one that users come by. */
export function previewOf({ split, releases }: Observation): string | undefined {
  const service = split?.spec.rules[1]?.backends[0]?.service;
  const release = releases.find(({ spec }) => backendName(spec) === service);
  return service === undefined ? undefined : (release?.metadata.name ?? service);
}

/** Every gateway that lives answers by the Split as it is written now. Without any gateway nothing can be confirmed. */
export function isSplitConfirmed(observation: Observation): boolean {
  const { split, gateways } = observation;
  return split?.metadata.generation !== undefined && gateways.length > 0 && silentGateways(observation).length === 0;
}

/** Those that live and have not confirmed the Split as it is written now. */
export function silentGateways({ split, gateways }: Observation): readonly string[] {
  const generation = split?.metadata.generation ?? 0;
  const instances = split?.status?.instances ?? [];
  const hasConfirmed = (name: string): boolean =>
    instances.some((instance) => instance.name === name && instance.observedGeneration >= generation);
  return gateways.filter((name) => !hasConfirmed(name));
}

/** A gateway that lives is silent about the Split as it is. */
export function isGatewaySilent(observation: Observation): boolean {
  const { split } = observation;
  return split !== undefined && carriersOf(split.spec).includes('gateway') && silentGateways(observation).length > 0;
}

/** Those that live and may still send to who has left these Services: they route by older endpoints than are known here. */
export function lateGateways(observation: Observation, services: readonly string[]): readonly string[] {
  const { slices, gateways, observedEndpoints } = observation;
  if (!isRouted(observation) || observedEndpoints === undefined) return [];
  const versions = slices
    .filter((slice) => services.includes(serviceNameOf(slice) ?? ''))
    .map(({ metadata }) => Number(metadata.resourceVersion ?? 0));
  const newest = Math.max(0, ...versions);
  return gateways.filter((name) => (observedEndpoints.get(name) ?? Infinity) < newest);
}

export function replicasOf({ application }: Observation): number {
  return application.spec.replicas ?? 1;
}

export function isRouted({ application }: Observation): boolean {
  return hasRouter(application.spec.route);
}
