/** What becomes of an object that is no longer in the directory that it was applied from. Pure. */
import type { KubeObject } from '@slipway/kube/object';

/** On an object: its webhook never removes it. */
export const pruneAnnotation = 'slipway.dev/prune';

export const managerPrefix = 'slipway-webhook-';

export type Verdict =
  /** It is not there, goes already, or is not the webhook's any more. */
  { readonly type: 'forget' } | { readonly type: 'keep'; readonly message: string } | { readonly type: 'remove' };

/** `live`: as the cluster has it. `manager`: of the fields that the webhook applies. */
export function judgeGone(
  live: KubeObject | undefined,
  { manager, isPruned }: { readonly manager: string; readonly isPruned: boolean },
): Verdict {
  if (live === undefined || live.metadata.deletionTimestamp !== undefined) return { type: 'forget' };
  // Who applies a status alone has not asked for the object.
  const managers = (live.metadata.managedFields ?? [])
    .filter(({ operation, subresource = '' }) => operation === 'Apply' && subresource === '')
    .flatMap((entry) => entry.manager ?? []);
  // Somebody has made it anew, or has taken over all of it.
  if (!managers.includes(manager)) return { type: 'forget' };
  // As where a file has moved from one directory to another.
  const other = managers.find((name) => name !== manager);
  if (other !== undefined)
    return { type: 'keep', message: `${other.startsWith(managerPrefix) ? 'another webhook' : other} applies it too` };
  if (!isPruned) return { type: 'keep', message: 'the webhook has no prune: true' };
  if (live.metadata.annotations?.[pruneAnnotation] === 'false')
    return { type: 'keep', message: `it says ${pruneAnnotation}: "false"` };
  return { type: 'remove' };
}
