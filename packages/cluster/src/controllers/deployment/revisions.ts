import type { Deployment, ReplicaSet } from '@slipway/kube/api.generated';
import { calculateRolloutLimits, replicasOf } from './rollout-limits.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history';
export const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas';

/** Annotations of a Deployment that say nothing about its ReplicaSets. */
const ownAnnotations: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  'deprecated.deployment.rollback.to',
]);

/** A ReplicaSet that goes to and fro between templates for years must not outgrow the bound on annotations. */
const historyCharacters = 2_000;

type Annotations = Readonly<Record<string, string>>;

export function revisionOf({ metadata }: ReplicaSet | Deployment): number {
  const revision = Number(metadata.annotations?.[revisionAnnotation] ?? '0');
  return Number.isSafeInteger(revision) ? revision : 0;
}

/** The newest ReplicaSet has the highest revision; one that becomes the newest again remembers the revisions that it was. */
export function annotationsOfNewest(deployment: Deployment, newest: ReplicaSet, revision: number): Annotations {
  const before = newest.metadata.annotations ?? {};
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !ownAnnotations.has(key));
  const annotations = { ...before, ...Object.fromEntries(copied) };
  if (revisionOf(newest) >= revision) return annotations;
  const history = addToHistory(before[revisionHistoryAnnotation], before[revisionAnnotation]);
  return {
    ...annotations,
    ...(history === undefined ? {} : { [revisionHistoryAnnotation]: history }),
    [revisionAnnotation]: String(revision),
  };
}

function addToHistory(history: string | undefined, revision: string | undefined): string | undefined {
  if (revision === undefined) return history;
  const revisions = [...(history === undefined || history === '' ? [] : history.split(',')), revision];
  while (revisions.join(',').length > historyCharacters) revisions.shift();
  return revisions.join(',');
}

/** What a ReplicaSet must remember of its Deployment's size, so that a later change of size can be shared out in proportion. */
export function sizeAnnotations(deployment: Deployment): Annotations {
  const replicas = replicasOf(deployment);
  return {
    [desiredReplicasAnnotation]: String(replicas),
    [maxReplicasAnnotation]: String(replicas + calculateRolloutLimits(deployment).maxSurge),
  };
}
