/** Applies manifests in order, or says what applying them would do. */
import type { KubeClient } from '@slipway/kube/client';
import { isSameJson } from '@slipway/kube/json-equality';
import { keyOf, type KubeObject } from '@slipway/kube/object';
import { absentAsUndefined, isStatusReason } from '@slipway/kube/status-error';
import type { Manifest } from '@slipway/delivery/install/manifest';

/** Other than the controller's: what it writes in its work is not taken back by the next install. */
const fieldManager = 'slipway-install';

export type WriteOutcome = 'created' | 'changed' | 'unchanged';

export interface Written {
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly outcome: WriteOutcome;
}

export interface Writing {
  readonly client: KubeClient;
  /** The server checks everything and keeps nothing. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

export async function writeManifest({ type, object }: Manifest, writing: Writing): Promise<Written> {
  const { client, dryRun, signal } = writing;
  const key = keyOf(object);
  const before = await absentAsUndefined(client.get(type, key, { signal }));
  const named = {
    kind: type.kind,
    ...(key.namespace === undefined ? {} : { namespace: key.namespace }),
    name: key.name,
  };
  try {
    const patch = { type: 'apply', body: object, force: true } as const;
    const after = await client.patch(type, key, patch, { fieldManager, dryRun, signal });
    if (before === undefined) return { ...named, outcome: 'created' };
    return { ...named, outcome: isSameContent(before, after) ? 'unchanged' : 'changed' };
  } catch (error) {
    // The namespace would be there by now, had it been written.
    if (dryRun && before === undefined && isStatusReason(error, 'NotFound')) return { ...named, outcome: 'created' };
    throw error;
  }
}

/** Who wrote what is no difference, nor is what the server counts. */
export function isSameContent(before: KubeObject, after: KubeObject): boolean {
  return isSameJson(withoutRecords(before), withoutRecords(after));
}

function withoutRecords({ metadata, ...object }: KubeObject): object {
  return { ...object, metadata: { ...metadata, managedFields: undefined, resourceVersion: undefined } };
}
