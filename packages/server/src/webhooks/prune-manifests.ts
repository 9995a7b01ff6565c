import type { KubeClient } from '@slipway/kube/client';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { absentAsUndefined, isStatusReason, StatusError } from '@slipway/kube/status-error';
import type { Database } from '../database/database.ts';
import { forgetApplied, listGone, type AppliedObject } from './applied-objects.ts';
import type { DeliveryResult } from './deliveries.ts';
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

/** An object that is no longer in the directory. */
export interface GoneObject {
  readonly object: AppliedObject;
  readonly verdict: Verdict;
  readonly type?: ResourceType | undefined;
  readonly live?: KubeObject | undefined;
}

/** What was applied from the directory before and is not among `objects`, in the order in which it may go. */
export async function findGone(
  objects: readonly AppliedObject[],
  { client, database, webhookId, isPruned, signal }: PruneMeans,
): Promise<readonly GoneObject[]> {
  const kinds = new Kinds(client, signal);
  const found: GoneObject[] = [];
  for (const object of await listGone(database, webhookId, objects)) {
    const { namespace, name } = object;
    const type = await kinds.find(object.apiVersion, object.kind);
    const live = type && (await absentAsUndefined(client.get(type, { namespace, name }, { signal })));
    const verdict = judgeGone(live, { manager: `${managerPrefix}${webhookId}`, isPruned });
    found.push({ object, verdict, type, live });
  }
  // What runs goes before what it refers to.
  return found.toSorted((one, other) => rank(other) - rank(one));
}

function rank({ object }: GoneObject): number {
  return object.apiVersion.startsWith('slipway.dev/') ? 1 : 0;
}

/** Whether the cluster would let all of it go: an entry for each that it would not. */
export async function tryRemoving(gone: readonly GoneObject[], means: PruneMeans): Promise<readonly DeliveryResult[]> {
  const results: DeliveryResult[] = [];
  for (const each of gone)
    if (each.verdict.type === 'remove') results.push(await remove(each, means, { dryRun: true }));
  return results.filter(({ outcome }) => outcome === 'failed');
}

/** Removes what is to go, says what stays, and forgets what is not the webhook's any more. */
export async function prune(gone: readonly GoneObject[], means: PruneMeans): Promise<readonly DeliveryResult[]> {
  const results: DeliveryResult[] = [];
  for (const each of gone) {
    const { object, verdict } = each;
    const { kind, namespace, name } = object;
    if (verdict.type === 'keep') results.push({ kind, namespace, name, outcome: 'left', message: verdict.message });
    else {
      const result = verdict.type === 'remove' ? await remove(each, means, { dryRun: false }) : undefined;
      if (result?.outcome !== 'failed') await forgetApplied(means.database, means.webhookId, object);
      if (result !== undefined) results.push(result);
    }
  }
  return results;
}

async function remove(
  { object, type, live }: GoneObject,
  { client, signal }: PruneMeans,
  { dryRun }: { readonly dryRun: boolean },
): Promise<DeliveryResult> {
  signal.throwIfAborted();
  const { kind, namespace, name } = object;
  const about = { kind, namespace, name };
  if (type === undefined) return { ...about, outcome: 'removed' };
  // Only the one that was looked at, and none that somebody has made since.
  const preconditions = { uid: live?.metadata.uid };
  const options = { preconditions, propagationPolicy: 'Background', dryRun, signal } as const;
  try {
    await client.delete(type, { namespace, name }, options);
    return { ...about, outcome: 'removed' };
  } catch (error) {
    if (isStatusReason(error, 'NotFound')) return { ...about, outcome: 'removed' };
    const isPassing = isStatusReason(error, 'ServiceUnavailable', 'Timeout', 'TooManyRequests', 'Conflict');
    if (isPassing || !(error instanceof StatusError)) throw error;
    return { ...about, outcome: 'failed', message: error.message.slice(0, 1_000) };
  }
}
