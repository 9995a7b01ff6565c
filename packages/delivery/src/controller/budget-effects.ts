/** Effects on what may be evicted at once. */
import { keyOf } from '@slipway/kube/object';
import { podDisruptionBudgets } from '@slipway/kube/resources';
import { applicationBudget, findBudget } from '../disruption-budget.ts';
import { fieldManager } from '../names.ts';
import type { Effect } from './effects.ts';
import { createOwned, deleteSeen } from './writing.ts';

export const ensureBudget: Effect<'ensureBudget'> = async (_, { client, observation }) => {
  const { application } = observation;
  const { uid = '' } = application.metadata;
  const object = applicationBudget(application);
  const existing = findBudget(observation);
  if (existing === undefined) return createOwned(client, podDisruptionBudgets, { object, uid });
  const { resourceVersion } = existing.metadata;
  // A limit that somebody wrote beside ours would make it invalid.
  const spec = { ...object.spec, maxUnavailable: null };
  const body = { metadata: { ...object.metadata, resourceVersion }, spec };
  await client.patch(podDisruptionBudgets, keyOf(existing), { type: 'merge', body }, { fieldManager });
  return undefined;
};

export const deleteBudget: Effect<'deleteBudget'> = (_, { client, observation }) =>
  deleteSeen(client, podDisruptionBudgets, findBudget(observation));
