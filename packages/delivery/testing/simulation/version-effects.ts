import type { Pod, ReplicaSet } from '@slipway/kube/api.generated';
import { formatMicroTime, formatTime } from '@slipway/kube/clock';
import type { Release } from '../../src/api/release.ts';
import { nextNumber } from '../../src/gates/metric/check-state.ts';
import { annotations, backendName, labels } from '../../src/names.ts';
import type { HeardAnswer, Observation } from '../../src/observation.ts';
import { otherVersions } from '../../src/other-versions.ts';
import { nameOf } from '../../src/release-context.ts';
import { attemptOf } from '../../src/release-status.ts';
import { versionService } from '../../src/serving-objects.ts';
import { versionReplicaSet } from '../../src/version-objects.ts';
import { outdated, replicaSetName, type Effect } from './effect.ts';
import { controllerTime, replacePod, versioned, type World } from './world.ts';

export const brokenImage = 'broken';
export const unfitMetricImage = 'slow';

export const createVersion: Effect<'createVersion'> = ({ release, replicas, alone }, world) => {
  if (alone === true) requireAlone(world, nameOf(release));
  const served = withVersionService(world, release);
  const name = backendName(release.spec);
  if (served.replicaSets.some(({ metadata }) => metadata.name === name)) return served;
  const set = versionReplicaSet(release, replicas);
  const uid = String(served.revision + 1);
  const metadata = { ...set.metadata, uid, creationTimestamp: formatTime(world.now) };
  const [written, revision] = versioned(served, { ...set, metadata });
  return { ...served, revision, replicaSets: [...served.replicaSets, written] };
};

function requireAlone(world: World, release: string): void {
  const uid = world.application.metadata.uid ?? '';
  if (otherVersions(world, { release, uid }).length > 0) throw outdated;
}

/** What is there stays as it is. */
export function withVersionService(world: World, release: Release): World {
  const { service = {} } = world.application.spec;
  const name = backendName(release.spec);
  if (world.services.some(({ metadata }) => metadata.name === name)) return world;
  const [written, revision] = versioned(world, versionService(release, service));
  return { ...world, revision, services: [...world.services, written] };
}

export const scale: Effect<'scale'> = ({ release, replicas, alone }, world, seen) => {
  if (alone === true) requireAlone(world, release);
  return changeReplicaSet(world, { seen, release }, (set) => ({
    ...set,
    spec: { ...set.spec, selector: set.spec?.selector ?? {}, replicas },
  }));
};

export interface Target {
  readonly seen: Observation;
  readonly release: string;
  /** Whether what has changed since it was seen is changed all the same. */
  readonly isForced?: boolean;
}

export function changeReplicaSet(
  world: World,
  { seen, release, isForced = false }: Target,
  change: (set: ReplicaSet) => ReplicaSet,
): World {
  const name = replicaSetName(seen, release);
  const known = seen.replicaSets.find(({ metadata }) => metadata.name === name);
  const current = world.replicaSets.find(({ metadata }) => metadata.name === name);
  if (current === undefined || known === undefined) throw outdated;
  if (!isForced && current.metadata.resourceVersion !== known.metadata.resourceVersion) throw outdated;
  const changed = change(current);
  if (changed === current) return world;
  const [written, revision] = versioned(world, changed);
  return { ...world, revision, replicaSets: world.replicaSets.map((each) => (each === current ? written : each)) };
}

export const startDrain: Effect<'startDrain'> = ({ pods }, world, seen) =>
  changePods(world, { seen, pods }, (pod) =>
    annotated(pod, { [annotations.drainingSince]: formatMicroTime(controllerTime(world)) }),
  );

export const markForDeletion: Effect<'markForDeletion'> = ({ pods }, world, seen) =>
  changePods(world, { seen, pods }, (pod) => annotated(pod, { [annotations.deletionCost]: '-1000' }));

interface Targets {
  readonly seen: Observation;
  readonly pods: readonly string[];
  readonly isForced?: boolean;
}

/** A write carries the version that was seen; a pod that changed since then is not touched, unless it is forced. */
export function changePods(world: World, { seen, pods, isForced = false }: Targets, change: (pod: Pod) => Pod): World {
  return pods.reduce((before, name) => {
    const current = before.pods.find(({ metadata }) => metadata.name === name);
    const known = seen.pods.find(({ metadata }) => metadata.name === name);
    if (current === undefined || known === undefined) throw outdated;
    if (!isForced && current.metadata.resourceVersion !== known.metadata.resourceVersion) throw outdated;
    return replacePod(before, current, change(current));
  }, world);
}

export function annotated(pod: Pod, changes: Readonly<Record<string, string | undefined>>): Pod {
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations: withoutUndefined({ ...pod.metadata.annotations, ...changes }) },
  };
}

export function withoutUndefined(record: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

export const askHealth: Effect<'askHealth'> = ({ pods }, world) => pods.reduce(answerHealth, world);

/** A pod of a broken image says that it is not healthy. */
function answerHealth(world: World, name: string): World {
  const pod = world.pods.find(({ metadata }) => metadata.name === name);
  if (pod === undefined) return world;
  const healthy = pod.spec?.containers[0]?.image?.startsWith(brokenImage) !== true;
  const uid = pod.metadata.uid ?? '';
  const release = world.releases.find(({ metadata }) => metadata.name === pod.metadata.labels?.[labels.release]);
  const answer: HeardAnswer = {
    pod: name,
    uid,
    attempt: attemptOf(release?.status ?? { phase: 'Pending' }),
    outcome: healthy ? 'passed' : 'failed',
    code: 200,
    answer: String(healthy),
    at: formatMicroTime(controllerTime(world)),
  };
  const healthyPods = new Set(world.healthy);
  if (healthy) healthyPods.add(uid);
  else healthyPods.delete(uid);
  return { ...world, healthy: healthyPods, answers: new Map(world.answers).set(uid, answer) };
}

/** The metric of an image that says so is bad; every third look at it comes to nothing. */
export const measure: Effect<'measure'> = ({ key, state, subject }, world) => {
  const number = nextNumber(state);
  const release = world.releases.find(({ spec }) => spec.version === subject.candidate.version);
  const isBad = release?.spec.template.spec?.containers[0]?.image === unfitMetricImage;
  const at = formatMicroTime(controllerTime(world));
  const outcome = number % 3 === 0 ? 'noData' : isBad ? 'failed' : 'passed';
  const taken = { measurement: { number, outcome, startedAt: at, finishedAt: at } } as const;
  return { ...world, measurements: new Map(world.measurements).set(key, taken) };
};

/** As it was seen; its pods go after it. */
export const deleteVersion: Effect<'deleteVersion'> = ({ release }, world, seen) => {
  const name = replicaSetName(seen, release);
  const known = seen.replicaSets.find(({ metadata }) => metadata.name === name);
  const current = world.replicaSets.find(({ metadata }) => metadata.name === name);
  const services = world.services.filter(({ metadata }) => metadata.name !== name);
  if (current === undefined || known === undefined) return { ...world, services };
  if (current.metadata.resourceVersion !== known.metadata.resourceVersion) throw outdated;
  return { ...world, services, replicaSets: world.replicaSets.filter((each) => each !== current) };
};
