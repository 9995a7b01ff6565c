import type { Pod, ReplicaSet } from '@slipway/kube/api.generated';
import { formatMicroTime } from '@slipway/kube/clock';
import { nextNumber } from '../../src/gates/metric/check-state.ts';
import { annotations, backendName, labels } from '../../src/names.ts';
import type { HeardAnswer, Observation } from '../../src/observation.ts';
import { attemptOf } from '../../src/release-status.ts';
import { outdated, replicaSetName, type Effect } from './effect.ts';
import { application, replacePod, versioned, type World } from './world.ts';

export const brokenImage = 'broken';
export const unfitMetricImage = 'slow';

export const createVersion: Effect<'createVersion'> = ({ release, replicas }, world) => {
  const name = backendName(release.spec);
  if (world.replicaSets.some(({ metadata }) => metadata.name === name)) return world;
  const own = { [labels.application]: application, [labels.release]: release.metadata.name ?? '' };
  const [written, revision] = versioned(world, {
    metadata: { name, labels: own, annotations: { [annotations.ownerUid]: 'u' } },
    spec: {
      replicas,
      selector: { matchLabels: own },
      template: { ...release.spec.template, metadata: { labels: { ...own, [labels.backend]: 'true' } } },
    },
  });
  return { ...world, revision, replicaSets: [...world.replicaSets, written] };
};

export const scale: Effect<'scale'> = ({ release, replicas }, world, seen) =>
  changeReplicaSet(world, { seen, release }, (set) => ({
    ...set,
    spec: { ...set.spec, selector: set.spec?.selector ?? {}, replicas },
  }));

export interface Target {
  readonly seen: Observation;
  readonly release: string;
}

export function changeReplicaSet(
  world: World,
  { seen, release }: Target,
  change: (set: ReplicaSet) => ReplicaSet,
): World {
  const name = replicaSetName(seen, release);
  const known = seen.replicaSets.find(({ metadata }) => metadata.name === name);
  const current = world.replicaSets.find(({ metadata }) => metadata.name === name);
  if (current === undefined || current.metadata.resourceVersion !== known?.metadata.resourceVersion) throw outdated;
  const [written, revision] = versioned(world, change(current));
  return { ...world, revision, replicaSets: world.replicaSets.map((each) => (each === current ? written : each)) };
}

export const startDrain: Effect<'startDrain'> = ({ pods }, world, seen) =>
  changePods(world, { seen, pods }, (pod) =>
    annotated(pod, { [annotations.drainingSince]: formatMicroTime(world.now) }),
  );

export const markForDeletion: Effect<'markForDeletion'> = ({ pods }, world, seen) =>
  changePods(world, { seen, pods }, (pod) => annotated(pod, { [annotations.deletionCost]: '-1000' }));

interface Targets {
  readonly seen: Observation;
  readonly pods: readonly string[];
}

/** A write carries the version that was seen; a pod that changed since then is not touched. */
export function changePods(world: World, { seen, pods }: Targets, change: (pod: Pod) => Pod): World {
  return pods.reduce((before, name) => {
    const current = before.pods.find(({ metadata }) => metadata.name === name);
    const known = seen.pods.find(({ metadata }) => metadata.name === name);
    if (current === undefined || current.metadata.resourceVersion !== known?.metadata.resourceVersion) throw outdated;
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
    at: formatMicroTime(world.now),
  };
  return { ...world, answers: new Map(world.answers).set(uid, answer) };
}

/** The metric of an image that says so is bad; every third look at it comes to nothing. */
export const measure: Effect<'measure'> = ({ key, state, subject }, world) => {
  const number = nextNumber(state);
  const release = world.releases.find(({ spec }) => spec.version === subject.candidate.version);
  const isBad = release?.spec.template.spec?.containers[0]?.image === unfitMetricImage;
  const at = formatMicroTime(world.now);
  const outcome = number % 3 === 0 ? 'noData' : isBad ? 'failed' : 'passed';
  const taken = { measurement: { number, outcome, startedAt: at, finishedAt: at } } as const;
  return { ...world, measurements: new Map(world.measurements).set(key, taken) };
};

export const deleteVersion: Effect<'deleteVersion'> = ({ release }, world) => {
  const found = world.releases.find(({ metadata }) => metadata.name === release);
  const name = found === undefined ? '' : backendName(found.spec);
  return {
    ...world,
    services: world.services.filter(({ metadata }) => metadata.name !== name),
    replicaSets: world.replicaSets.filter(({ metadata }) => metadata.name !== name),
    pods: world.pods.filter(({ metadata }) => metadata.labels?.[labels.release] !== release),
  };
};
