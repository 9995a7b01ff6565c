/** What moves by itself: ReplicaSet controllers, kubelets and endpoints. */
import type { Pod, ReplicaSet } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { isSameJson } from '@slipway/kube/json-equality';
import { annotations, labels } from '../../src/names.ts';
import type { KubeObject } from '@slipway/kube/object';
import {
  application,
  foregroundFinalizer,
  isPodReady,
  isTerminating,
  replacePod,
  sliceOf,
  versioned,
  type World,
} from './world.ts';

/**
 * What ReplicaSet controllers and the garbage collector do: `onDelete` hears of each pod that ends because its ReplicaSet is
 * smaller or gone. What had to end before has ended.
 */
export function runReplicaSets(given: World, onDelete: (world: World, pod: Pod) => void): World {
  const world = collectGarbage(deleteOwned(withoutEnded(given)), onDelete);
  return world.replicaSets.reduce((before, set) => counted(runReplicaSet(before, set, onDelete), set), world);
}

function runReplicaSet(world: World, set: ReplicaSet, onDelete: (world: World, pod: Pod) => void): World {
  const owned = podsOf(world, set);
  const wanted = set.spec?.replicas ?? 0;
  if (owned.length > wanted) {
    const doomed = owned.toSorted(byDeletionRank).slice(0, owned.length - wanted);
    for (const pod of doomed) onDelete(world, pod);
    return endPods(world, doomed);
  }
  return Array.from({ length: wanted - owned.length }).reduce<World>((all) => createPod(all, set), world);
}

function podsOf({ pods }: World, { metadata }: ReplicaSet): readonly Pod[] {
  const release = metadata.labels?.[labels.release];
  return pods.filter((pod) => pod.metadata.labels?.[labels.release] === release && !isTerminating(pod));
}

/** Its status tells of every pod that comes or goes: who has not seen that writes to an older version, and is refused. */
function counted(world: World, set: ReplicaSet): World {
  const owned = podsOf(world, set);
  const readyReplicas = owned.filter(isPodReady).length;
  const { status } = set;
  if (status?.replicas === owned.length && status.readyReplicas === readyReplicas) return world;
  const [written, revision] = versioned(world, {
    ...set,
    status: { ...status, replicas: owned.length, readyReplicas },
  });
  return { ...world, revision, replicaSets: world.replicaSets.map((each) => (each === set ? written : each)) };
}

function withoutEnded(world: World): World {
  return world.pods.some(isTerminating) ? { ...world, pods: world.pods.filter((pod) => !isTerminating(pod)) } : world;
}

/** Of an owner that goes in the foreground everything goes at once, whatever it does for anybody; and then the owner. */
function deleteOwned(world: World): World {
  const { metadata } = world.application;
  const { finalizers = [] } = metadata;
  if (!finalizers.includes(foregroundFinalizer)) return world;
  const isKept = ({ metadata: { ownerReferences = [] } }: KubeObject): boolean =>
    ownerReferences.every(({ uid }) => uid !== metadata.uid);
  const [written, revision] = versioned(world, {
    ...world.application,
    metadata: { ...metadata, finalizers: finalizers.filter((each) => each !== foregroundFinalizer) },
  });
  return {
    ...world,
    revision,
    application: written,
    releases: world.releases.filter(isKept),
    replicaSets: world.replicaSets.filter(isKept),
    services: world.services.filter(isKept),
    split: world.split !== undefined && isKept(world.split) ? world.split : undefined,
  };
}

function collectGarbage(world: World, onDelete: (world: World, pod: Pod) => void): World {
  const kept = new Set(world.replicaSets.map(({ metadata }) => metadata.labels?.[labels.release]));
  const orphans = world.pods.filter(({ metadata }) => !kept.has(metadata.labels?.[labels.release]));
  for (const pod of orphans) onDelete(world, pod);
  return endPods(world, orphans);
}

/** They are told to end, and are there until they have. */
export function endPods(world: World, pods: readonly Pod[]): World {
  const deletionTimestamp = formatTime(world.now);
  return pods.reduce(
    (before, pod) => replacePod(before, pod, { ...pod, metadata: { ...pod.metadata, deletionTimestamp } }),
    world,
  );
}

/** Not ready first, then the lowest deletion cost, then the youngest: as the ReplicaSet controller ranks. */
function byDeletionRank(a: Pod, b: Pod): number {
  const cost = (pod: Pod): number => Number(pod.metadata.annotations?.[annotations.deletionCost] ?? 0);
  return (
    Number(isPodReady(a)) - Number(isPodReady(b)) ||
    cost(a) - cost(b) ||
    Number(b.metadata.uid) - Number(a.metadata.uid)
  );
}

function createPod(world: World, set: ReplicaSet): World {
  const uid = String(world.revision + 1);
  const [pod, revision] = versioned(world, {
    metadata: { ...set.spec?.template?.metadata, name: `pod-${uid}`, uid },
    spec: set.spec?.template?.spec,
  });
  return { ...world, revision, pods: [...world.pods, pod] };
}

export function setReady(world: World, index: number, ready: boolean): World {
  const pod = world.pods[index % Math.max(1, world.pods.length)];
  if (pod === undefined || isTerminating(pod) || isPodReady(pod) === ready) return world;
  return replacePod(world, pod, {
    ...pod,
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  });
}

export function removePod(world: World, index: number): World {
  const pod = world.pods[index % Math.max(1, world.pods.length)];
  return pod === undefined ? world : { ...world, pods: world.pods.filter((each) => each !== pod) };
}

/** The slice of the Application's Service follows the pods when this runs; those of the versions always do. */
export function runEndpoints(world: World): World {
  const isServed = world.services.some(({ metadata }) => metadata.name === application);
  const slice = sliceOf(
    isServed ? world.pods.filter(({ metadata }) => metadata.labels?.[labels.serves] === 'true') : [],
  );
  if (isSameJson(slice.endpoints, world.slice.endpoints)) return world;
  const [written, revision] = versioned(world, slice);
  return { ...world, revision, slice: written };
}
