import { applyDefaultPolicy } from '../../api/rbac/reconcile-policy.ts';
import {
  startClusterRoleAggregationController,
  type ClusterRoleAggregationOptions,
} from './cluster-role-aggregation-controller.ts';

/** Writes the default roles and bindings, then keeps the sums among the roles. Resolves when the signal has ended it. */
export async function openAccess(options: ClusterRoleAggregationOptions): Promise<void> {
  await applyDefaultPolicy(options.client);
  if (!options.signal.aborted) await startClusterRoleAggregationController(options).done;
}
