/** Everything of one namespace that a handover is about. */
import type { KubeClient } from '@slipway/kube/client';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import {
  deployments,
  endpointSlices,
  podDisruptionBudgets,
  pods,
  replicaSets,
  services,
} from '@slipway/kube/resources';
import { splits } from '@slipway/kube/split';
import { absentAsUndefined } from '@slipway/kube/status-error';
import { applications } from '../api/application.ts';
import { releases } from '../api/release.ts';
import { autoscalers, type AdoptionWorld } from './adoption-world.ts';

export interface Place {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Name of the Deployment. */
  readonly deployment: string;
  readonly signal: AbortSignal;
}

/** The Deployment first: what is written to it holds only if it has not changed since, and so all that was read after it does. */
export async function observeAdoption({ client, namespace, deployment: name, signal }: Place): Promise<AdoptionWorld> {
  const list = async <T extends KubeObject>(type: ResourceType<T>): Promise<readonly T[]> =>
    (await client.list(type, { namespace, signal })).items;
  const found = await absentAsUndefined(client.get(deployments, { namespace, name }, { signal }));
  return {
    deployment: found,
    applications: await list(applications),
    releases: await list(releases),
    splits: await list(splits),
    replicaSets: await list(replicaSets),
    pods: await list(pods),
    services: await list(services),
    slices: await list(endpointSlices),
    budgets: await list(podDisruptionBudgets),
    // A cluster that does not know the kind has none of it.
    autoscalers: (await absentAsUndefined(list(autoscalers))) ?? [],
  };
}
