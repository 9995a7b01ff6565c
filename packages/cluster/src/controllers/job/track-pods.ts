import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { keyOf } from '@slipway/kube/object';
import { pods } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import { trackingFinalizer } from './job-pods.ts';

/** Takes the finalizer from this very pod; undefined if it is gone. Only the one value is taken, whatever else has changed. */
export async function untrackPod(client: KubeClient, pod: Pod): Promise<Pod | undefined> {
  const { uid } = pod.metadata;
  const body = { metadata: { uid, '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } };
  try {
    return await client.patch(pods, keyOf(pod), { type: 'strategic', body });
  } catch (error) {
    // Gone, or another pod of that name by now.
    if (isStatusReason(error, 'NotFound', 'Conflict')) return undefined;
    throw error;
  }
}
