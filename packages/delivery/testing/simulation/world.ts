/** The state of the simulation: a cluster in a few plain objects, which are never changed, only replaced. */
import type { EndpointSlice, Job, Pod, PodDisruptionBudget, ReplicaSet, Service } from '@slipway/kube/api.generated';
import type { KubeObject } from '@slipway/kube/object';
import type { Split } from '@slipway/kube/split';
import type { Application, ApplicationSpec } from '../../src/api/application.ts';
import type { ReleaseApproval } from '../../src/api/release-approval.ts';
import type { ReleaseCommand } from '../../src/api/release-command.ts';
import type { Release } from '../../src/api/release.ts';
import { isConditionTrue } from '@slipway/kube/conditions';
import { formatTime } from '@slipway/kube/clock';
import { annotations, isOurs, labels, teardownFinalizer } from '../../src/names.ts';
import { withLostVersions } from '../../src/lost-versions.ts';
import type { Copy } from '../../src/configuration/content.ts';
import { referenceKey } from '../../src/configuration/references.ts';
import { noCompanions, type Companions } from '../../src/order/companions.ts';
import { askedCarrier } from '../../src/carriers.ts';
import { noEndpoints, revisionOf, type KnownEndpoints } from './known-endpoints.ts';
import { isLive, type Contact } from './partitions.ts';
import { isCarrying, routerOf } from './routers.ts';
import type { HeardAnswer, Observation, Trial } from '../../src/observation.ts';

/** Every template refers to it. */
export const configMap = { kind: 'ConfigMap', name: 'settings' } as const;
export const application = 'shop';

export interface Gateway extends Contact {
  /** It runs, and does not take what the Split says. */
  readonly isStuck: boolean;
  /** It takes what the Split says, and routes by endpoints as they were when it began to lag. */
  readonly isLagging: boolean;
  /** It has seen the Split, and serves nothing of the route, which is somebody else's. */
  readonly isRefusing: boolean;
  /** What it routes by: the Split as it saw it last. */
  readonly inForce: Split['spec'] | undefined;
  /** What it is about to route by: it has read a part of it. */
  readonly taking: Split['spec'] | undefined;
  /** Those that it sends to. */
  readonly endpoints: KnownEndpoints;
  /** When it closed the route; undefined: it has not, since it runs. */
  readonly closedAt: number | undefined;
  /** Since when it leads somewhere; one that is started anew is found where it was found before. */
  readonly openSince: number | undefined;
  /** Of each version whose sessions it keeps: since when it counts them, and when it saw which user last. */
  readonly sessions: ReadonlyMap<string, SeenSessions>;
}

export interface SeenSessions {
  readonly since: number;
  readonly users: ReadonlyMap<number, number>;
}

export interface Sighting {
  readonly note: string;
  readonly since: number;
}

export interface World {
  /** The time that is. */
  readonly now: number;
  /** How far the clock of the controller is ahead of it, in milliseconds. */
  readonly skew: number;
  readonly revision: number;
  readonly application: Application;
  readonly releases: readonly Release[];
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  /** What the controller that leads has seen drain, by uid: what was written on it, and when that was first seen. */
  readonly drains: ReadonlyMap<string, Sighting>;
  /** Likewise which pods have left. */
  readonly departures: ReadonlyMap<string, Sighting>;
  /** What it has seen gateways confirm of the Split, by name: which generation, and when that was first seen. */
  readonly confirmations: ReadonlyMap<string, Sighting>;
  readonly slice: EndpointSlice;
  /** The pods as the EndpointSlices of the versions' Services show them; undefined: as they are. */
  readonly slicedPods: readonly Pod[] | undefined;
  /** The change with which these were written after they had been late; 0: they never were. */
  readonly slicedAt: number;
  readonly split: Split | undefined;
  readonly gateways: readonly Gateway[];
  readonly commands: readonly ReleaseCommand[];
  readonly approvals: readonly ReleaseApproval[];
  /** What somebody has agreed to, as `release hook`. */
  readonly agreed: ReadonlySet<string>;
  /** What the controller that leads was told, and remembers. */
  readonly answers: ReadonlyMap<string, HeardAnswer>;
  readonly measurements: Observation['measurements'];
  readonly hookFindings: Observation['hookFindings'];
  readonly trial: Trial | undefined;
  /** Uids of the pods that have said of themselves last that they are healthy, to whichever controller. */
  readonly healthy: ReadonlySet<string>;
  readonly jobs: readonly Job[];
  /** What a webhook answers. */
  readonly webhook: 'passed' | 'failed' | 'error';
  readonly services: readonly Service[];
  readonly budgets: readonly PodDisruptionBudget[];
  /** Content of the ConfigMap that every template refers to. */
  readonly configuration: string;
  readonly copies: readonly Copy[];
  readonly sessionKey: KubeObject | undefined;
  /** The version in the cookie of each user; undefined: he has none. */
  readonly homes: ReadonlyArray<string | undefined>;
  /** Those that are released in one order with it, as they are now. */
  readonly companions: Companions;
}

/** By which the API server keeps an owner until what it owns is gone. */
export const foregroundFinalizer = 'foregroundDeletion';

export function isBeingDeleted({ metadata }: Application): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** Nobody holds it any more. */
export function isGone(given: Application): boolean {
  return isBeingDeleted(given) && (given.metadata.finalizers ?? []).length === 0;
}

/** As it is created. Its uid is its own, whatever has had its name before. */
export function newApplication(spec: ApplicationSpec, { now, revision }: Pick<World, 'now' | 'revision'>): Application {
  const creationTimestamp = formatTime(now);
  return {
    metadata: { name: application, namespace: 'default', uid: `u${revision}`, generation: 1, creationTimestamp },
    spec,
  };
}

/** It has seen nothing yet. */
export function newGateway(name: string): Gateway {
  return {
    name,
    isAlive: true,
    isStuck: false,
    isLagging: false,
    cutSince: undefined,
    backSince: -Infinity,
    isRefusing: false,
    openSince: undefined,
    ...unrouted,
  };
}

/** What a gateway loses that stops. */
export const unrouted: Pick<Gateway, 'inForce' | 'taking' | 'endpoints' | 'closedAt' | 'sessions'> = {
  inForce: undefined,
  taking: undefined,
  endpoints: noEndpoints,
  closedAt: undefined,
  sessions: new Map(),
};

const firstUid = 'u1';
const users = 4;

export function createWorld(spec: ApplicationSpec): World {
  const now = Date.UTC(2026, 0, 1);
  const created = newApplication(spec, { now, revision: 1 });
  return {
    now,
    skew: 0,
    revision: 1,
    application: { ...created, metadata: { ...created.metadata, finalizers: [teardownFinalizer] } },
    drains: new Map(),
    departures: new Map(),
    confirmations: new Map(),
    releases: [],
    replicaSets: [],
    pods: [],
    slice: sliceOf([]),
    slicedPods: undefined,
    slicedAt: 0,
    split: undefined,
    gateways: ['gateway-0', 'gateway-1'].map(newGateway),
    commands: [],
    approvals: [],
    agreed: new Set(),
    answers: new Map(),
    measurements: new Map(),
    hookFindings: new Map(),
    trial: undefined,
    healthy: new Set(),
    jobs: [],
    webhook: 'passed',
    services: [],
    budgets: [],
    configuration: 'first00000',
    copies: [],
    sessionKey: undefined,
    homes: Array.from({ length: users }, () => undefined),
    companions: noCompanions,
  };
}

/** Of what there is, that which is of this Application and not of one that had its name before. */
export function observationOf(given: World): Observation {
  const world = isFirst(given) ? given : withoutFormer(given);
  const observation: Observation = {
    application: world.application,
    releases: world.releases,
    replicaSets: world.replicaSets,
    pods: world.pods,
    leftFor: passedSince(world.departures, world.now),
    drainedFor: passedSince(world.drains, world.now),
    confirmedFor: confirmedFor(world),
    services: world.services,
    budgets: world.budgets,
    slices: slicesOf(world),
    split: world.split,
    gateways: confirmersIn(world),
    observedEndpoints: observedEndpoints(world),
    commands: world.commands,
    answers: world.answers,
    measurements: world.measurements,
    sources: sourcesOf(world.configuration),
    copies: world.copies,
    trial: world.trial,
    approvals: world.approvals,
    jobs: world.jobs,
    hookFindings: world.hookFindings,
    companions: world.companions,
    sessionKey: world.sessionKey,
  };
  return withLostVersions(observation, controllerTime(world));
}

/** Names of those that are to confirm: our gateways that live, and whoever else carries. */
function confirmersIn({ application, split, gateways, now }: World): readonly string[] {
  const spec = split?.spec ?? askedCarrier(application);
  return gateways
    .filter((each) => isCarrying(each, spec) && (isLive(each, now) || routerOf(each) !== undefined))
    .map(({ name }) => name);
}

/** What each of ours says of it in its Lease. Who carries for another project says nothing. */
function observedEndpoints({ gateways, now }: World): ReadonlyMap<string, number> {
  const ours = gateways.filter((each) => isLive(each, now) && routerOf(each) === undefined);
  return new Map(ours.map(({ name, endpoints }) => [name, endpoints.revision]));
}

const nothingSeen: Observation['drainedFor'] = new Map();

function passedSince(sightings: World['drains'], now: number): Observation['drainedFor'] {
  return sightings.size === 0 ? nothingSeen : new Map([...sightings].map(([uid, { since }]) => [uid, now - since]));
}

const nothingConfirmed: Observation['confirmedFor'] = new Map();

function confirmedFor({ confirmations, now }: World): Observation['confirmedFor'] {
  return confirmations.size === 0
    ? nothingConfirmed
    : new Map([...confirmations].map(([name, { since }]) => [name, now - since]));
}

function isFirst({ application: { metadata } }: World): boolean {
  return metadata.uid === firstUid;
}

function withoutFormer(world: World): World {
  const { releases, replicaSets, pods, services, copies, jobs } = world;
  const { uid = '' } = world.application.metadata;
  const isOwn = (object: KubeObject): boolean => isOurs(object, uid);
  return {
    ...world,
    releases: releases.filter(isOwn),
    replicaSets: replicaSets.filter(isOwn),
    // What says nothing of whose it is may have been adopted.
    pods: pods.filter(({ metadata }) => [undefined, uid].includes(metadata.annotations?.[annotations.ownerUid])),
    services: services.filter(isOwn),
    copies: copies.filter(({ object }) => isOwn(object)),
    jobs: jobs.filter(isOwn),
  };
}

/** As the controller's clock shows it. */
export function controllerTime({ now, skew }: World): number {
  return now + skew;
}

const sources = new Map<string, Observation['sources']>();

function sourcesOf(content: string): Observation['sources'] {
  const known = sources.get(content) ?? new Map([[referenceKey(configMap), { content, isLive: false }]]);
  sources.set(content, known);
  return known;
}

const slices = new WeakMap<
  World['pods'],
  Pick<World, 'slice' | 'replicaSets' | 'slicedAt'> & Pick<Observation, 'slices'>
>();

/** Looks at a world in which no pod has changed see the same. */
function slicesOf(world: World): Observation['slices'] {
  const { slice, replicaSets, slicedAt, slicedPods: pods = world.pods } = world;
  const known = slices.get(pods);
  if (known?.slice === slice && known.replicaSets === replicaSets && known.slicedAt === slicedAt) return known.slices;
  const all = [slice, ...backendSlices({ replicaSets, pods, slicedAt })];
  slices.set(pods, { slice, replicaSets, slicedAt, slices: all });
  return all;
}

function backendSlices(world: Pick<World, 'replicaSets' | 'pods' | 'slicedAt'>): readonly EndpointSlice[] {
  return world.replicaSets.map((set) => {
    const own = world.pods.filter(
      ({ metadata }) => metadata.labels?.[labels.release] === set.metadata.labels?.[labels.release],
    );
    const slice = sliceOf(
      own.filter(({ metadata }) => metadata.labels?.[labels.backend] === 'true'),
      set.metadata.name ?? '',
    );
    const resourceVersion = String(Math.max(revisionOf(own), world.slicedAt));
    return { ...slice, metadata: { ...slice.metadata, resourceVersion } };
  });
}

export function sliceOf(pods: readonly Pod[], service = application): EndpointSlice {
  return {
    addressType: 'IPv4',
    metadata: { name: service, labels: { 'kubernetes.io/service-name': service } },
    endpoints: pods.map((pod) => ({
      addresses: [],
      conditions: { ready: isPodReady(pod) },
      targetRef: { kind: 'Pod', name: pod.metadata.name },
    })),
  };
}

/** One that ends is ready no more for whoever sends it requests. */
export function isPodReady(pod: Pod): boolean {
  return !isTerminating(pod) && isConditionTrue(pod.status?.conditions, 'Ready');
}

export function isTerminating({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** The object as a write leaves it, and the revision of the world after that. */
export function versioned<T extends { readonly metadata: object }>(world: World, object: T): readonly [T, number] {
  const revision = world.revision + 1;
  return [{ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }, revision];
}

export function replacePod(world: World, current: Pod, changed: Pod): World {
  const [written, revision] = versioned(world, changed);
  return { ...world, revision, pods: world.pods.map((each) => (each === current ? written : each)) };
}
