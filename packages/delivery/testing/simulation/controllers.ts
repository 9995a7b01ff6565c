/** What moves by itself: ReplicaSet controllers, kubelets and endpoints. */
import type { Pod, ReplicaSet } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import { annotations, labels } from '../../src/names.ts';
import { isPodReady, replacePod, sliceOf, versioned, type World } from './world.ts';

/** What ReplicaSet controllers do: `onDelete` hears of each pod that a smaller size removes. */
export function runReplicaSets(world: World, onDelete: (world: World, pod: Pod) => void): World {
  return world.replicaSets.reduce((before, set) => {
    const release = set.metadata.labels?.[labels.release];
    const owned = before.pods.filter(({ metadata }) => metadata.labels?.[labels.release] === release);
    const wanted = set.spec?.replicas ?? 0;
    if (owned.length > wanted) {
      const doomed = owned.toSorted(byDeletionRank).slice(0, owned.length - wanted);
      for (const pod of doomed) onDelete(before, pod);
      return { ...before, pods: before.pods.filter((pod) => !doomed.includes(pod)) };
    }
    return Array.from({ length: wanted - owned.length }).reduce<World>((all) => createPod(all, set), before);
  }, world);
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
    metadata: { name: `pod-${uid}`, uid, labels: set.spec?.template?.metadata?.labels },
    spec: set.spec?.template?.spec,
  });
  return { ...world, revision, pods: [...world.pods, pod] };
}

export function setReady(world: World, index: number, ready: boolean): World {
  const pod = world.pods[index % Math.max(1, world.pods.length)];
  if (pod === undefined || isPodReady(pod) === ready) return world;
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
  const slice = sliceOf(world.pods.filter(({ metadata }) => metadata.labels?.[labels.serves] === 'true'));
  return isSameJson(slice, world.slice) ? world : { ...world, slice };
}
