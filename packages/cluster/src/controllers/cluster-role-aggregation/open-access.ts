import type { ClusterRole } from '@slipway/kube/api.generated';
import { delay } from '@slipway/kube/clock';
import { applyDefaultPolicy } from '../../api/rbac/reconcile-policy.ts';
import {
  startClusterRoleAggregationController,
  type ClusterRoleAggregationOptions,
} from './cluster-role-aggregation-controller.ts';

export interface AccessOptions extends ClusterRoleAggregationOptions {
  /** Default roles of whatever else the cluster serves from its start. */
  readonly addedRoles: readonly ClusterRole[];
}

const firstRetryMilliseconds = 500;
const lastRetryMilliseconds = 60_000;

/** Writes the default roles and bindings, then keeps the sums among the roles. Resolves when the signal has ended it. */
export async function openAccess(options: AccessOptions): Promise<void> {
  await writeDefaultPolicy(options);
  if (!options.signal.aborted) await startClusterRoleAggregationController(options).done;
}

/** Until it has been written: without it nobody but administrators gets in. */
async function writeDefaultPolicy({ client, addedRoles, clock, logger, signal }: AccessOptions): Promise<void> {
  let retryMilliseconds = firstRetryMilliseconds;
  while (!signal.aborted) {
    try {
      await applyDefaultPolicy(client, addedRoles);
      return;
    } catch (error) {
      if (signal.aborted) return;
      logger.error('the default roles could not be written; they are tried again', { error, retryMilliseconds });
    }
    // An end while it waits is seen above.
    await delay(clock, retryMilliseconds, signal).catch(() => undefined);
    retryMilliseconds = Math.min(2 * retryMilliseconds, lastRetryMilliseconds);
  }
}
