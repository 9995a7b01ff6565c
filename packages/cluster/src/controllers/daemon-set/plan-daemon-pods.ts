/** Which pods of a DaemonSet are made and unmade. https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/ */
import type { Pod } from '@slipway/kube/api.generated';
import { isPodFinished } from '../pods.ts';
import { podForNode } from './daemon-pod.ts';
import { countOf, isAvailable, isNewest, isTerminating, type DaemonSetView, type Place } from './daemon-set-view.ts';

export type DaemonPodAction =
  | { readonly kind: 'createPod'; readonly pod: Pod }
  | { readonly kind: 'deletePod'; readonly pod: Pod; readonly why: 'failed' | 'surplus' | 'outdated' };

/** So long a pod that ended at once is left, so that a node that refuses it is not asked without end. */
const failedForMilliseconds = 10_000;
/** What is more is made or unmade in the next look. */
const burst = 250;

/** Every node gets what it should have before anything is updated. */
export function planDaemonPods(view: DaemonSetView): readonly DaemonPodAction[] {
  if (view.set.metadata.deletionTimestamp !== undefined) return [];
  const strays = view.strays.filter((pod) => !isTerminating(pod)).map((pod) => deletion(pod, 'surplus'));
  const actions = [...view.places.flatMap((place) => planPlace(view, place)), ...strays];
  return (actions.length > 0 ? actions : planUpdate(view)).slice(0, burst);
}

/** Until a pod that has failed may be made anew. */
export function untilRetry({ places, now }: DaemonSetView): number | undefined {
  const waits = places.flatMap(({ pods }) =>
    pods.filter(isPodFinished).map((pod) => createdAt(pod) + failedForMilliseconds - now),
  );
  const ahead = waits.filter((wait) => wait > 0);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}

function planPlace(view: DaemonSetView, { node, verdict, pods }: Place): readonly DaemonPodAction[] {
  const there = pods.filter((pod) => !isTerminating(pod));
  if (verdict === 'remove') return there.map((pod) => deletion(pod, 'surplus'));
  if (pods.length === 0) return verdict === 'run' ? [creation(view, node.metadata.name)] : [];
  const failed = there.filter((pod) => isPodFinished(pod) && createdAt(pod) + failedForMilliseconds <= view.now);
  const running = there.filter((pod) => !isPodFinished(pod));
  return [...failed.map((pod) => deletion(pod, 'failed')), ...planSurplus(view, running)];
}

/** One a node, and during an update that does not begin with a deletion one of each kind. */
function planSurplus(view: DaemonSetView, running: readonly Pod[]): readonly DaemonPodAction[] {
  const surging = countOf(view.set.spec?.updateStrategy?.rollingUpdate?.maxSurge, view) > 0;
  const kept = surging
    ? [running.find((pod) => !isNewest(view, pod)), running.find((pod) => isNewest(view, pod))]
    : running.slice(0, 1);
  return running.filter((pod) => !kept.includes(pod)).map((pod) => deletion(pod, 'surplus'));
}

function planUpdate(view: DaemonSetView): readonly DaemonPodAction[] {
  const { type, rollingUpdate } = view.set.spec?.updateStrategy ?? {};
  if (type !== 'RollingUpdate') return [];
  const maxSurge = countOf(rollingUpdate?.maxSurge, view);
  if (maxSurge > 0) return planSurge(view, maxSurge);
  return planReplacement(view, Math.max(1, countOf(rollingUpdate?.maxUnavailable, view)));
}

/** Nodes where nothing serves are replaced at once; of the others as many as may be without. */
function planReplacement(view: DaemonSetView, maxUnavailable: number): readonly DaemonPodAction[] {
  const places = view.places.filter(({ verdict }) => verdict === 'run');
  const serving = places.filter(({ pods }) => pods.some((pod) => isAvailable(view, pod)));
  const outdated = (some: readonly Place[]): readonly Pod[] =>
    some.flatMap(({ pods }) => pods.filter((pod) => !isNewest(view, pod) && !isTerminating(pod)));
  const broken = outdated(places.filter((place) => !serving.includes(place)));
  const allowed = Math.max(0, maxUnavailable - (places.length - serving.length));
  return [...broken, ...outdated(serving).slice(0, allowed)].map((pod) => deletion(pod, 'outdated'));
}

/** The new pod comes first, and the old one goes when it serves. */
function planSurge(view: DaemonSetView, maxSurge: number): readonly DaemonPodAction[] {
  const places = view.places
    .filter(({ verdict }) => verdict === 'run')
    .map(({ node, pods }) => ({
      name: node.metadata.name,
      old: pods.find((pod) => !isNewest(view, pod) && !isTerminating(pod)),
      fresh: pods.find((pod) => isNewest(view, pod) && !isTerminating(pod)),
    }));
  const relieved = places.flatMap(({ old, fresh }) =>
    old !== undefined && fresh !== undefined && isAvailable(view, fresh) ? [deletion(old, 'outdated')] : [],
  );
  const underway = places.filter(
    ({ old, fresh }) => old !== undefined && fresh !== undefined && !isAvailable(view, fresh),
  );
  const waiting = places.filter(({ old, fresh }) => old !== undefined && fresh === undefined);
  const isBroken = ({ old }: { readonly old: Pod | undefined }): boolean =>
    old !== undefined && !isAvailable(view, old);
  const broken = waiting.filter(isBroken);
  const next = waiting.filter((place) => !isBroken(place)).slice(0, Math.max(0, maxSurge - underway.length));
  return [...relieved, ...[...broken, ...next].map(({ name }) => creation(view, name))];
}

function creation({ pod }: DaemonSetView, nodeName = ''): DaemonPodAction {
  return { kind: 'createPod', pod: podForNode(pod, nodeName) };
}

function deletion(pod: Pod, why: 'failed' | 'surplus' | 'outdated'): DaemonPodAction {
  return { kind: 'deletePod', pod, why };
}

function createdAt({ metadata }: Pod): number {
  return Date.parse(metadata.creationTimestamp ?? '1970-01-01T00:00:00Z');
}
