/**
 * One PodDisruptionBudget over the pods that serve: without any, a drain may evict all of them at once, and under two none
 * at all. So ours goes where somebody else's covers them.
 */
import type { PodDisruptionBudget, ReplicaSet } from '@slipway/kube/api.generated';
import { matchesLabelSelector } from '@slipway/kube/selector';
import type { Application } from './api/application.ts';
import { annotations, digest, isOurs, labels } from './names.ts';
import type { Observation } from './observation.ts';
import type { Action } from './plan.ts';
import { calculateBounds } from './replica-bounds.ts';

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
  const { maxUnavailable } =
    strategy?.type === 'rolling' ? calculateBounds(strategy.rolling, replicas) : { maxUnavailable: 0 };
  return Math.max(0, replicas - Math.max(1, maxUnavailable));
}

export function findBudget({ application, budgets }: Observation): PodDisruptionBudget | undefined {
  return budgets.find((budget) => isOurs(budget, application.metadata.uid ?? ''));
}

/** Nothing where there are no pods yet, or where somebody else has the name. */
export function planBudget(observation: Observation): readonly Action[] {
  const { application, budgets, replicaSets } = observation;
  const own = findBudget(observation);
  const others = budgets.filter((budget) => budget !== own);
  const isCovered = others.some((budget) => replicaSets.some((set) => hasPods(set) && isOver(budget, set)));
  if (isCovered) return own === undefined ? [] : [{ type: 'deleteBudget' }];
  const wanted = applicationBudget(application);
  const isCurrent =
    own?.metadata.annotations?.[annotations.content] === wanted.metadata.annotations?.[annotations.content];
  const isTaken = others.some(({ metadata }) => metadata.name === wanted.metadata.name);
  return isCurrent || isTaken || replicaSets.length === 0 ? [] : [{ type: 'ensureBudget' }];
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
