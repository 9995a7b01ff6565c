/** Which images what there is in an embedded cluster refers to, by their content. */
import { applications } from '@slipway/delivery/api/application';
import { releases } from '@slipway/delivery/api/release';
import type { KubeClient } from '@slipway/kube/client';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { deployments, jobs, pods, replicaSets } from '@slipway/kube/resources';
import { absentAsUndefined } from '@slipway/kube/status-error';
import { connect } from '../connection/connection.ts';
import { describeError } from '../describe-error.ts';
import { runningCluster, type DataDirectory } from './data-directory.ts';

/** Pods say what they run, Releases what theirs ran, and the others may name one by its digest. */
const kinds: readonly ResourceType[] = [pods, releases, applications, deployments, replicaSets, jobs];

/** Undefined where the cluster does not run, and nobody can tell; a sentence where it could not be asked. */
export async function findImagesInUse(directory: DataDirectory): Promise<ReadonlySet<string> | string | undefined> {
  const state = await runningCluster(directory);
  if (state === undefined) return undefined;
  try {
    const { client } = await connect({ kubeconfig: state.kubeconfig });
    const found = await Promise.all(kinds.map((type) => listObjects(client, type)));
    return findDigests(found.flat());
  } catch (error) {
    return `the cluster could not be asked which of them are in use (${describeError(error).text})`;
  }
}

/** None where the cluster does not know the kind. */
async function listObjects(client: KubeClient, type: ResourceType): Promise<readonly KubeObject[]> {
  return (await absentAsUndefined(client.list(type)))?.items ?? [];
}

/** Wherever it stands: rather an image too many than one that a pod cannot start without. */
export function findDigests(objects: readonly KubeObject[]): ReadonlySet<string> {
  return new Set(objects.flatMap((object) => JSON.stringify(object).match(/sha256:[0-9a-f]{64}/g) ?? []));
}
