/**
 * The world as an action leaves it, before anybody could look again. What is taken counts as gone at once; what is given
 * counts only when it is observed: a label is no endpoint yet, an asked weight is followed by no gateway yet, and a mark
 * may reach the ReplicaSet controller after the size that it is meant for.
 */
import type { Pod, ReplicaSet } from '@slipway/kube/api.generated';
import { annotations, labels } from '../names.ts';
import type { VersionView } from '../observation.ts';
import type { Action, ActionOf } from '../plan.ts';
import type { World } from './world.ts';

export function worldAfter(world: World, action: Action): World {
  switch (action.type) {
    case 'setSplit':
      return { ...withWeights(world, action.weights), route: 'open' };
    case 'closeRoute':
      return { ...withWeights(world, {}), route: 'closing' };
    case 'removeRoute':
      return { ...withWeights(world, {}), route: 'none' };
    case 'setServing':
      return changeView(world, action.release, (view) => relabelled(view, action));
    case 'scale':
      return changeView(world, action.release, (view) => ({ ...view, replicaSet: resized(view, action.replicas) }));
    case 'deleteRelease':
      return { ...world, admitted: new Set([...world.admitted].filter((name) => name !== action.release)) };
    // What else there is gives, or takes what had left before.
    default:
      return world;
  }
}

function withWeights(world: World, weights: World['weights']): World {
  return { ...world, weights, earlierWeights: [world.weights, ...world.earlierWeights] };
}

function changeView(world: World, release: string, change: (view: VersionView) => VersionView): World {
  const view = world.versions.get(release);
  return view === undefined ? world : { ...world, versions: new Map(world.versions).set(release, change(view)) };
}

function relabelled(view: VersionView, action: ActionOf<'setServing'>): VersionView {
  const changed = new Map(
    view.pods
      .filter(({ metadata }) => action.pods.includes(metadata.name ?? ''))
      .map((pod) => [pod, relabelledPod(pod, action)]),
  );
  const all = (pods: readonly Pod[]): readonly Pod[] => pods.map((pod) => changed.get(pod) ?? pod);
  const staying = (pods: readonly Pod[], isTaken: boolean): readonly Pod[] =>
    isTaken ? pods.filter((pod) => !changed.has(pod)) : all(pods);
  return {
    ...view,
    pods: all(view.pods),
    ready: all(view.ready),
    // Requests may come until the endpoints have forgotten the pod.
    listed: all(view.listed),
    backends: staying(view.backends, action.backend === false),
    serving: staying(view.serving, !action.serves),
    arriving: staying(view.arriving, !action.serves),
  };
}

/** A change of labels takes the mark too. */
function relabelledPod(pod: Pod, { serves, backend }: ActionOf<'setServing'>): Pod {
  const { [annotations.deletionCost]: _, ...rest } = pod.metadata.annotations ?? {};
  const changes = {
    [labels.serves]: String(serves),
    ...(backend === undefined ? {} : { [labels.backend]: String(backend) }),
  };
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, ...changes }, annotations: rest } };
}

function resized({ replicaSet }: VersionView, replicas: number): ReplicaSet | undefined {
  return replicaSet?.spec === undefined ? replicaSet : { ...replicaSet, spec: { ...replicaSet.spec, replicas } };
}
