/** Controllers of which each takes itself for the only one would undo each other's work: two may not serve one namespace. */
import { controllerLease } from '@slipway/delivery/names';
import { controllerLabels, homeNamespace } from '@slipway/delivery/install/names';
import type { KubeClient } from '@slipway/kube/client';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { deployments } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import { CommandFailure } from '../failure.ts';
import { findLeader } from './find-leader.ts';

/** Throws where installing for `namespace`, or for all without it, would put a second controller beside one that serves it. */
export async function refuseBesideOthers(
  client: KubeClient,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const other = namespace === undefined ? await findNarrower(client, signal) : await findWider(client, signal);
  if (other === undefined) return;
  throw new CommandFailure(
    `Nothing was changed: ${other}, and two controllers would undo each other's work.\nTake that one away first.`,
  );
}

/** One that serves a single namespace, when all are to be served. */
async function findNarrower(client: KubeClient, signal: AbortSignal): Promise<string | undefined> {
  const labelSelector = Object.entries(controllerLabels)
    .map(([label, value]) => `${label}=${value}`)
    .join(',');
  const { items } = await client.list(deployments, { labelSelector, signal });
  const found = items.find(({ metadata }) => metadata.namespace !== homeNamespace);
  return found && `a controller of the namespace ${found.metadata.namespace ?? ''} is installed there`;
}

/** One that serves every namespace, wherever it runs. Who may not ask has been told by an administrator. */
async function findWider(client: KubeClient, signal: AbortSignal): Promise<string | undefined> {
  try {
    const leader = await findLeader({ client, lease: controllerLease, clock: systemClock, signal });
    return leader && `the controller ${leader} serves every namespace`;
  } catch (error) {
    if (isStatusReason(error, 'Forbidden')) return undefined;
    throw error;
  }
}
