import type { ClusterRole } from '@slipway/kube/api.generated';
import { delay } from '@slipway/kube/clock';
import { configMaps } from '@slipway/kube/resources';
import { authenticationConfigName } from '../../api/rbac/namespace-roles.ts';
import { applyDefaultPolicy } from '../../api/rbac/reconcile-policy.ts';
import {
  startClusterRoleAggregationController,
  type ClusterRoleAggregationOptions,
} from './cluster-role-aggregation-controller.ts';

export interface AccessOptions extends ClusterRoleAggregationOptions {
  /** Default roles of whatever else the cluster serves from its start. */
  readonly addedRoles: readonly ClusterRole[];
  /** In PEM form: who signs the certificates of those who ask. */
  readonly certificateAuthority: string;
}

const firstRetryMilliseconds = 500;
const lastRetryMilliseconds = 60_000;

/** Writes the default roles and bindings, then keeps the sums among the roles. Resolves when the signal has ended it. */
export async function openAccess(options: AccessOptions): Promise<void> {
  await writeDefaultPolicy(options);
  if (!options.signal.aborted) await startClusterRoleAggregationController(options).done;
}

/** Until it has been written: without it nobody but administrators gets in. */
async function writeDefaultPolicy(options: AccessOptions): Promise<void> {
  const { client, addedRoles, clock, logger, signal } = options;
  let retryMilliseconds = firstRetryMilliseconds;
  while (!signal.aborted) {
    try {
      await Promise.all([applyDefaultPolicy(client, addedRoles), publishAuthentication(options)]);
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

/** How callers show who they are, for servers that extend the API and ask it about their own callers. */
async function publishAuthentication({ client, certificateAuthority }: AccessOptions): Promise<void> {
  const key = { namespace: 'kube-system', name: authenticationConfigName };
  const body = { metadata: key, data: { 'client-ca-file': certificateAuthority } };
  await client.patch(configMaps, key, { type: 'apply', body, force: true }, { fieldManager: 'kube-apiserver' });
}
