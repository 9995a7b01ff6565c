/**
 * A PodDisruptionBudget over every pod that serves: without any, a drain may evict all of them at once, and under two none
 * at all. So ours goes where somebody else's covers them.
 */
import type { PodDisruptionBudget, ReplicaSet } from '@slipway/kube/api.generated';
import { matchesLabelSelector } from '@slipway/kube/selector';
import type { Application } from './api/application.ts';
import type { Release } from './api/release.ts';
import { annotations, backendName, digest, isOurs, labels } from './names.ts';
import { isRouted, splitWeights, viewOf, type Observation } from './observation.ts';
import type { Action } from './plan.ts';
import { statusOf } from './release-changes.ts';
import { nameOf } from './release-context.ts';
import { formerVersions } from './sessions/former-versions.ts';
import { maxUnavailableOf, strategies } from './strategies/strategies.ts';

/** Named as the Application and its Service, and over the same pods, whichever version they are of. */
export function applicationBudget({ metadata, spec }: Application): PodDisruptionBudget {
  const { name = '', namespace, uid = '' } = metadata;
  const budget = budgetSpecs.get(spec) ?? budgetSpec(name, spec);
  budgetSpecs.set(spec, budget);
  return {
    metadata: {
      name,
      namespace,
      labels: { [labels.application]: name },
      annotations: { [annotations.ownerUid]: uid, [annotations.content]: digest(budget) },
    },
    spec: budget,
  };
}

type BudgetSpec = NonNullable<PodDisruptionBudget['spec']>;

/** A spec belongs to one name; what is made of it is made and hashed once. */
const budgetSpecs = new WeakMap<Application['spec'], BudgetSpec>();

function budgetSpec(name: string, spec: Application['spec']): BudgetSpec {
  return {
    minAvailable: calculateMinAvailable(spec),
    selector: { matchLabels: { [labels.application]: name, [labels.serves]: 'true' } },
    // A pod that does not serve protects nobody, and would hold up a drain for good.
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
  };
}

/**
 * All but as many as a release of it may leave missing, and one may always go, or a node could never be drained: 3 of 4, 0
 * of 1, and 6 of 10 under `maxUnavailable: 4`.
 */
export function calculateMinAvailable({ replicas = 1, strategy }: Application['spec']): number {
  return Math.max(0, replicas - Math.max(1, maxUnavailableOf(strategy, replicas)));
}

/**
 * Over the pods of a version that have a share of the route's traffic, or sessions, outside of the Application's Service: one
 * of them at a time. No pod is under both budgets, or it could not be evicted at all.
 */
export function versionBudget({ metadata }: Application, release: Release): PodDisruptionBudget {
  const { name = '', namespace, uid = '' } = metadata;
  const own = { [labels.application]: name, [labels.release]: nameOf(release) };
  const budget: BudgetSpec = {
    maxUnavailable: 1,
    selector: {
      matchLabels: { ...own, [labels.backend]: 'true' },
      matchExpressions: [{ key: labels.serves, operator: 'NotIn', values: ['true'] }],
    },
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
  };
  return {
    metadata: {
      name: backendName(release.spec),
      namespace,
      labels: own,
      annotations: { [annotations.ownerUid]: uid, [annotations.content]: digest(budget) },
    },
    spec: budget,
  };
}

export function ownBudgets({ application, budgets }: Observation): readonly PodDisruptionBudget[] {
  return budgets.filter((budget) => isOurs(budget, application.metadata.uid ?? ''));
}

/** Nothing where there are no pods yet, or where somebody else has the name. */
export function planBudgets(observation: Observation, active: Release | undefined): readonly Action[] {
  if (observation.replicaSets.length === 0) return [];
  const own = ownBudgets(observation);
  const others = observation.budgets.filter((budget) => !own.includes(budget));
  const wanted = [
    ...planServingBudget(observation, others),
    ...[...sharingVersions(observation, active), ...formerVersions(observation)].flatMap((release) =>
      planVersionBudget(observation, others, release),
    ),
  ];
  const isRight = (budget: PodDisruptionBudget): boolean =>
    contentOf(own.find((each) => isSameName(each, budget))) === contentOf(budget);
  const changed = wanted.filter((budget) => !isRight(budget) && !others.some((each) => isSameName(each, budget)));
  const stale = own.filter((budget) => !wanted.some((each) => isSameName(each, budget)));
  return [
    ...changed.map((budget): Action => ({ type: 'ensureBudget', budget })),
    ...stale.map(({ metadata }): Action => ({ type: 'deleteBudget', name: metadata.name ?? '' })),
  ];
}

function planServingBudget(
  { application, replicaSets }: Observation,
  others: readonly PodDisruptionBudget[],
): readonly PodDisruptionBudget[] {
  const isCovered = others.some((budget) => replicaSets.some((set) => hasPods(set) && isOver(budget, set)));
  return isCovered ? [] : [applicationBudget(application)];
}

/** While its steps share the traffic; at its promotion its pods join the Service. */
function sharingVersions(observation: Observation, active: Release | undefined): readonly Release[] {
  if (active === undefined || !isRouted(observation)) return [];
  if (strategies[active.spec.strategy.type]?.sharesOutside !== true) return [];
  const { phase } = statusOf(active);
  const isShared =
    (splitWeights(observation)[nameOf(active)] ?? 0) > 0 && phase !== 'Promoting' && phase !== 'Guarding';
  return isShared ? [active] : [];
}

function planVersionBudget(
  observation: Observation,
  others: readonly PodDisruptionBudget[],
  release: Release,
): readonly PodDisruptionBudget[] {
  const { replicaSet } = viewOf(observation, release);
  const own = replicaSet?.spec?.template?.metadata?.labels;
  const isCovered = others.some(({ spec }) => matchesLabelSelector(spec?.selector, own));
  return isCovered ? [] : [versionBudget(observation.application, release)];
}

function isSameName(one: PodDisruptionBudget, other: PodDisruptionBudget): boolean {
  return one.metadata.name === other.metadata.name;
}

function contentOf(budget: PodDisruptionBudget | undefined): string | undefined {
  return budget?.metadata.annotations?.[annotations.content];
}

/** A version that is kept for a rollback has none: who covers it covers nobody. */
function hasPods({ spec, status }: ReplicaSet): boolean {
  return (spec?.replicas ?? 1) > 0 || (status?.replicas ?? 0) > 0;
}

/** Pods of that version, once they serve. */
function isOver({ spec }: PodDisruptionBudget, set: ReplicaSet): boolean {
  const serving = { ...set.spec?.template?.metadata?.labels, [labels.serves]: 'true' };
  return matchesLabelSelector(spec?.selector, serving);
}
