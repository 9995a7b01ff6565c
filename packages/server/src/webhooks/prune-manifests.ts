import type { KubeClient } from '@slipway/kube/client';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { absentAsUndefined, isStatusReason, StatusError } from '@slipway/kube/status-error';
import type { Database } from '../database/database.ts';
import { forgetApplied, listGone, type AppliedObject } from './applied-objects.ts';
import type { DeliveryResult } from './deliveries.ts';
import { orderForRemoving } from './manifests/check-manifest.ts';
import { Kinds } from './manifests/find-kinds.ts';
import { judgeGone, managerPrefix, type Verdict } from './manifests/judge-gone.ts';

export interface PruneMeans {
  readonly client: KubeClient;
  readonly database: Database;
  readonly webhookId: string;
  /** Removes what is gone; only says what it is otherwise. */
  readonly isPruned: boolean;
  readonly signal: AbortSignal;
}

/** What was applied from the directory before and is not among `objects`, in the order in which it may go. */
export async function findGone(
  objects: readonly AppliedObject[],
  { database, webhookId }: PruneMeans,
): Promise<readonly AppliedObject[]> {
  return orderForRemoving(await listGone(database, webhookId, objects));
}

/** Whether the cluster would let all of it go: an entry for each that it would not. */
export async function tryRemoving(
  gone: readonly AppliedObject[],
  means: PruneMeans,
): Promise<readonly DeliveryResult[]> {
  const kinds = new Kinds(means.client, means.signal);
  const refused: DeliveryResult[] = [];
  for (const object of gone) {
    const result = await settle(object, { ...means, kinds, dryRun: true });
    if (result?.outcome === 'failed') refused.push(result);
  }
  return refused;
}

/** Removes what is to go, says what stays, and forgets what is not the webhook's any more. */
export async function prune(gone: readonly AppliedObject[], means: PruneMeans): Promise<readonly DeliveryResult[]> {
  const kinds = new Kinds(means.client, means.signal);
  const results: DeliveryResult[] = [];
  for (const object of gone) {
    const result = await settle(object, { ...means, kinds, dryRun: false });
    if (result === undefined || result.outcome === 'removed')
      await forgetApplied(means.database, means.webhookId, object);
    if (result !== undefined) results.push(result);
  }
  return results;
}

interface Means extends PruneMeans {
  readonly kinds: Kinds;
  readonly dryRun: boolean;
}

/** Others write meanwhile, such as a controller its status: what they have written is looked at, too. */
const maximumAttempts = 10;

/** Undefined: it is not the webhook's any more. */
async function settle(object: AppliedObject, means: Means): Promise<DeliveryResult | undefined> {
  const { kind, namespace, name } = object;
  const about = { kind, namespace, name };
  for (let attempt = 1; ; attempt += 1) {
    means.signal.throwIfAborted();
    const { type, live, verdict } = await look(object, means);
    if (verdict.type === 'keep') return { ...about, outcome: 'left', message: verdict.message };
    if (verdict.type === 'forget' || type === undefined || live === undefined) return undefined;
    try {
      await remove(type, live, means);
      return { ...about, outcome: 'removed' };
    } catch (error) {
      if (isStatusReason(error, 'NotFound')) return { ...about, outcome: 'removed' };
      if (isStatusReason(error, 'Conflict') && attempt < maximumAttempts) continue;
      if (isPassing(error) || !(error instanceof StatusError)) throw error;
      return { ...about, outcome: 'failed', message: error.message.slice(0, 1_000) };
    }
  }
}

interface Looked {
  readonly verdict: Verdict;
  readonly type?: ResourceType | undefined;
  readonly live?: KubeObject | undefined;
}

async function look(object: AppliedObject, { client, kinds, webhookId, isPruned, signal }: Means): Promise<Looked> {
  const { apiVersion, kind, namespace, name } = object;
  try {
    const type = await kinds.find(apiVersion, kind);
    if (type === undefined) return keep(`its kind is not served in ${apiVersion}`);
    const live = await absentAsUndefined(client.get(type, { namespace, name }, { signal }));
    return { type, live, verdict: judgeGone(live, { manager: `${managerPrefix}${webhookId}`, isPruned }) };
  } catch (error) {
    if (isPassing(error) || !(error instanceof StatusError)) throw error;
    return keep(`it cannot be looked at: ${error.message.slice(0, 900)}`);
  }
}

function keep(message: string): Looked {
  return { verdict: { type: 'keep', message } };
}

/** Only the one that was looked at, as it was then. */
async function remove(type: ResourceType, { metadata }: KubeObject, { client, dryRun, signal }: Means): Promise<void> {
  const { namespace = '', name = '', uid, resourceVersion } = metadata;
  const preconditions = { uid, resourceVersion };
  await client.delete(type, { namespace, name }, { preconditions, propagationPolicy: 'Background', dryRun, signal });
}

function isPassing(error: unknown): boolean {
  return isStatusReason(error, 'ServiceUnavailable', 'Timeout', 'TooManyRequests', 'Conflict', 'InternalError');
}
