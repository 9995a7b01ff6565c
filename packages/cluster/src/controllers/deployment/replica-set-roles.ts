import type { Deployment, ReplicaSet } from '@slipway/kube/api.generated';
import { controllerReference } from '@slipway/kube/owner-references';
import { deployments } from '@slipway/kube/resources';
import { calculatePodTemplateHash, isSameTemplate, selectorWithHash, templateWithHash } from './pod-template-hash.ts';
import { annotationsOfNewest, revisionOf, sizeAnnotations } from './revisions.ts';
import { calculateNewestSize, presentOf, sumOf } from './rollout-limits.ts';

/** The ReplicaSets of a Deployment: the one whose template it asks for, and all others. */
export interface Roles {
  readonly newest: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

export function allOf({ newest, old }: Roles): readonly ReplicaSet[] {
  return newest === undefined ? old : [...old, newest];
}

/** Of several with the template, which earlier versions of Kubernetes could make, the oldest counts. */
export function assignRoles(deployment: Deployment, sets: readonly ReplicaSet[]): Roles {
  const newest = oldestFirst(sets).find(({ spec }) => isSameTemplate(spec?.template, deployment.spec?.template));
  return { newest, old: sets.filter((each) => each !== newest) };
}

/** The newest ReplicaSet, if there is one, with the revision and annotations that it should have. */
export function withRevision(deployment: Deployment, { newest, old }: Roles): Roles {
  if (newest === undefined || newest.spec === undefined) return { newest, old };
  const annotations = annotationsOfNewest(deployment, newest, nextRevision(old));
  const minReadySeconds = deployment.spec?.minReadySeconds;
  return {
    newest: {
      ...newest,
      metadata: { ...newest.metadata, annotations },
      spec: { ...newest.spec, minReadySeconds },
    },
    old,
  };
}

/** The same with a newest ReplicaSet in any case: planned ones have no uid. */
export function withNewest(deployment: Deployment, roles: Roles): Roles {
  return roles.newest === undefined
    ? { newest: newReplicaSet(deployment, roles.old), old: roles.old }
    : withRevision(deployment, roles);
}

function nextRevision(old: readonly ReplicaSet[]): number {
  return Math.max(0, ...old.map(revisionOf)) + 1;
}

function newReplicaSet(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet {
  const { selector = {}, template = {}, minReadySeconds } = deployment.spec ?? {};
  const hash = calculatePodTemplateHash(template, deployment.status?.collisionCount);
  const hashed = templateWithHash(template, hash);
  const planned: ReplicaSet = {
    metadata: {
      name: `${deployment.metadata.name ?? ''}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels: hashed.metadata?.labels,
      ownerReferences: [controllerReference(deployment, deployments)],
    },
    spec: {
      replicas: calculateNewestSize(deployment, { newest: 0, all: sumOf(old, presentOf) }),
      minReadySeconds,
      selector: selectorWithHash(selector, hash),
      template: hashed,
    },
  };
  const annotations = {
    ...annotationsOfNewest(deployment, planned, nextRevision(old)),
    ...sizeAnnotations(deployment),
  };
  return { ...planned, metadata: { ...planned.metadata, annotations } };
}

/** The set at another size, remembering the Deployment's own. */
export function resized(deployment: Deployment, replicaSet: ReplicaSet, replicas: number): ReplicaSet {
  if (replicaSet.spec === undefined) return replicaSet;
  return {
    ...replicaSet,
    metadata: {
      ...replicaSet.metadata,
      annotations: { ...replicaSet.metadata.annotations, ...sizeAnnotations(deployment) },
    },
    spec: { ...replicaSet.spec, replicas },
  };
}

export function oldestFirst(sets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  return sets.toSorted(compareCreation);
}

export function compareCreation(a: ReplicaSet, b: ReplicaSet): number {
  const [timeA, timeB] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  if (timeA !== timeB) return timeA < timeB ? -1 : 1;
  return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
}
