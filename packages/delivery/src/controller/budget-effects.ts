/** Effects on what may be evicted at once. */
import type { PodDisruptionBudget } from '@slipway/kube/api.generated';
import { keyOf } from '@slipway/kube/object';
import { podDisruptionBudgets } from '@slipway/kube/resources';
import { ownBudgets } from '../disruption-budget.ts';
import { fieldManager } from '../names.ts';
import type { Observation } from '../observation.ts';
import type { Effect } from './effects.ts';
import { createOwned, deleteSeen } from './writing.ts';

export const ensureBudget: Effect<'ensureBudget'> = async ({ budget }, { client, observation }) => {
  const { uid = '' } = observation.application.metadata;
  const existing = findBudget(observation, budget.metadata.name);
  if (existing === undefined) return createOwned(client, podDisruptionBudgets, { object: budget, uid });
  const { resourceVersion } = existing.metadata;
  // A limit that somebody wrote beside ours would make it invalid.
  const spec = { minAvailable: null, maxUnavailable: null, ...budget.spec };
  const body = { metadata: { ...budget.metadata, resourceVersion }, spec };
  await client.patch(podDisruptionBudgets, keyOf(existing), { type: 'merge', body }, { fieldManager });
  return undefined;
};

export const deleteBudget: Effect<'deleteBudget'> = ({ name }, { client, observation }) =>
  deleteSeen(client, podDisruptionBudgets, findBudget(observation, name));

function findBudget(observation: Observation, name: string | undefined): PodDisruptionBudget | undefined {
  return ownBudgets(observation).find(({ metadata }) => metadata.name === name);
}
