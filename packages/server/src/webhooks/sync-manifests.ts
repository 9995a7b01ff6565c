import { applications } from '@slipway/delivery/api/application';
import { claimRequest, type Claim } from '@slipway/delivery/api/requested-by';
import type { ObjectMeta } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import type { KubeObject } from '@slipway/kube/object';
import { StatusError, isStatusReason } from '@slipway/kube/status-error';
import type { ServerContext } from '../http/context.ts';
import { parseApart } from '../platform/parse-apart.ts';
import type { Outcome } from './claims.ts';
import type { DeliveryResult } from './deliveries.ts';
import { fetchDirectory } from './git/fetch-directory.ts';
import { managerPrefix } from './manifests/judge-gone.ts';
import { checkManifest, orderForWriting, type Writable } from './manifests/check-manifest.ts';
import { Kinds } from './manifests/find-kinds.ts';
import type { Manifest } from './manifests/parse-manifests.ts';
import { noteApplied } from './applied-objects.ts';
import { TryLater } from './run-deliveries.ts';
import { isSameRepository } from './same-repository.ts';
import { findGone, prune, tryRemoving, type PruneMeans } from './prune-manifests.ts';
import { findCredentials } from './webhook-records.ts';
import type { ManifestSource, PushedCommit } from './webhook.ts';

export interface ManifestOrder {
  readonly webhookId: string;
  readonly source: ManifestSource;
  readonly pushed: PushedCommit;
  readonly requestedBy: string;
  /** Somebody has asked for this commit, whatever came since. */
  readonly isRepetition: boolean;
}

/** Makes the objects of a directory what they are at a commit: all of them, or none where one of them would be refused. */
export async function syncManifests(
  order: ManifestOrder,
  context: ServerContext,
  signal: AbortSignal,
): Promise<Outcome> {
  const { source, pushed } = order;
  if (!isSameRepository(pushed.repository, source.repository))
    return ignored(`the push is to ${pushed.repository.slice(0, 200)}, and the webhook is for ${source.repository}`);
  if (pushed.branch !== source.branch)
    return ignored(`the push is to branch ${pushed.branch.slice(0, 200)}, and the webhook is for ${source.branch}`);
  const fetched = await fetchDirectory(
    {
      ...source,
      commit: pushed.commit,
      isWhateverCame: order.isRepetition,
      credentials: await findCredentials(context.database, order.webhookId, context.sealer),
      allowAddresses: source.allowAddresses ?? [],
    },
    signal,
  );
  if (fetched.type === 'overtaken') return ignored(`${source.branch} is at ${fetched.by} by now`);
  const { manifests, faults } = await parseApart(fetched.files, signal);
  if (faults.length > 0) return failed(faults);
  const { client, database } = context;
  const isPruned = source.prune === true;
  const means: Means = { ...order, client, database, isPruned, signal };
  const checked = await check(manifests, means, context.namespace);
  if ('faults' in checked) return failed(checked.faults);
  return await apply(orderForWriting(checked.objects), means);
}

interface Means extends ManifestOrder, PruneMeans {}

async function check(
  manifests: readonly Manifest[],
  { client, source, signal }: Means,
  served: string | undefined,
): Promise<{ readonly objects: readonly Writable[] } | { readonly faults: readonly string[] }> {
  const kinds = new Kinds(client, signal);
  const namespaces = source.namespaces.filter((name) => served === undefined || name === served);
  const checked: Array<Writable | string> = [];
  for (const manifest of manifests) {
    const { apiVersion = '', kind = '' } = manifest.object;
    checked.push(checkManifest(manifest, await kinds.find(apiVersion, kind), namespaces));
  }
  const faults = checked.filter((found) => typeof found === 'string');
  return faults.length > 0 ? { faults } : { objects: checked.filter((found) => typeof found !== 'string') };
}

/** Everything is tried first: what the cluster would refuse keeps all of it from beginning. */
async function apply(objects: readonly Writable[], means: Means): Promise<Outcome> {
  const applied = objects.map(({ object, namespace, name }) => {
    const { apiVersion = '', kind = '' } = object;
    return { apiVersion, kind, namespace, name };
  });
  const tried = await writeAll(objects, means, { dryRun: true });
  const gone = await findGone(applied, means);
  const refused = [...tried.filter(hasFailed), ...(await tryRemoving(gone, means))];
  if (refused.length > 0)
    return { state: 'failed', message: `nothing was changed: ${describe(refused)}`, results: refused };
  await noteApplied(means.database, means.webhookId, applied);
  const written = await writeAll(objects, means, { dryRun: false });
  if (written.some(hasFailed))
    return { state: 'failed', message: describe(written.filter(hasFailed)), results: written };
  // What took the place of something stands by now.
  const pruned = await prune(gone, means);
  const results = [...written, ...pruned];
  if (pruned.some(hasFailed)) return { state: 'failed', message: describe(pruned.filter(hasFailed)), results };
  return { state: 'succeeded', message: summarize(written, pruned, means.pushed.commit), results };
}

function hasFailed({ outcome }: DeliveryResult): boolean {
  return outcome === 'failed';
}

function summarize(written: readonly DeliveryResult[], pruned: readonly DeliveryResult[], commit: string): string {
  const changed = written.filter(({ outcome }) => outcome === 'applied').length;
  const removed = pruned.filter(({ outcome }) => outcome === 'removed');
  const left = pruned.filter(({ outcome }) => outcome === 'left');
  const sentences = [`${written.length} objects are as at ${commit.slice(0, 12)}, ${changed} were changed`];
  if (removed.length > 0) sentences.push(`removed, as no longer in the directory: ${name(removed)}`);
  if (left.length > 0) sentences.push(`no longer in the directory, and left: ${name(left)}`);
  return sentences.join('; ');
}

function name(results: readonly DeliveryResult[]): string {
  const shown = results.slice(0, 5).map(({ kind, name }) => `${kind} ${name}`);
  return `${shown.join(', ')}${results.length > shown.length ? ` and ${results.length - shown.length} more` : ''}`;
}

function describe(failures: readonly DeliveryResult[]): string {
  const shown = failures.slice(0, 5).map(({ kind, name, message }) => `${kind} ${name}: ${message ?? ''}`);
  return `${shown.join('; ')}${failures.length > shown.length ? `; and ${failures.length - shown.length} more` : ''}`;
}

async function writeAll(
  objects: readonly Writable[],
  means: Means,
  how: { readonly dryRun: boolean },
): Promise<readonly DeliveryResult[]> {
  const results: DeliveryResult[] = [];
  for (const object of objects) results.push(await write(object, means, how));
  return results;
}

async function write(
  { type, object, namespace, name }: Writable,
  { client, source, webhookId, requestedBy, signal }: Means,
  { dryRun }: { readonly dryRun: boolean },
): Promise<DeliveryResult> {
  signal.throwIfAborted();
  const about = { kind: type.kind, namespace, name };
  const key = { namespace, name };
  const patch = { type: 'apply', body: object, force: source.force === true } as const;
  const options = { fieldManager: `${managerPrefix}${webhookId}`, fieldValidation: 'Strict', dryRun, signal } as const;
  try {
    const before = dryRun ? undefined : await readMetadata(client, type, key);
    requireStaying(before, about);
    const isNamed = !dryRun && type.kind === applications.kind && type.group === applications.group;
    const tried = isNamed ? await client.patch(type, key, patch, { ...options, dryRun: true }) : undefined;
    const asked = tried === undefined ? patch : nameAsker(patch, { before, tried: tried.metadata, by: requestedBy });
    const after = await client.patch(type, key, asked, options);
    requireStaying(after.metadata, about);
    return { ...about, outcome: after.metadata.resourceVersion === before?.resourceVersion ? 'unchanged' : 'applied' };
  } catch (error) {
    const isPassing = isStatusReason(error, 'ServiceUnavailable', 'Timeout', 'TooManyRequests');
    if (isPassing || !(error instanceof StatusError)) throw error;
    return { ...about, outcome: 'failed', message: error.message.slice(0, 1_000) };
  }
}

/** What is written onto an object that goes, goes with it. */
function requireStaying(
  metadata: ObjectMeta | undefined,
  { kind, name }: { readonly kind: string; readonly name: string },
): void {
  if (metadata?.deletionTimestamp !== undefined) throw new TryLater(`${kind} ${name} is still going`);
}

type Applied = { readonly type: 'apply'; readonly body: KubeObject; readonly force: boolean };

/**
 * Who asked stands with the change. That takes an annotation over from whoever asked before, and so is forced where the rest
 * was tried without: nothing may have come between.
 */
function nameAsker(patch: Applied, claim: Claim): Applied {
  const named = claimRequest(patch.body.metadata, claim);
  const { resourceVersion, generation } = claim.before ?? {};
  if (resourceVersion === undefined || generation === claim.tried.generation)
    return { ...patch, body: { ...patch.body, metadata: named } };
  return { ...patch, body: { ...patch.body, metadata: { ...named, resourceVersion } }, force: true };
}

async function readMetadata(
  client: KubeClient,
  type: Writable['type'],
  key: { readonly namespace: string; readonly name: string },
): Promise<ObjectMeta | undefined> {
  try {
    return (await client.get(type, key)).metadata;
  } catch (error) {
    if (isStatusReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

function ignored(message: string): Outcome {
  return { state: 'ignored', message, results: [] };
}

function failed(faults: readonly string[]): Outcome {
  return { state: 'failed', message: `nothing was changed: ${faults.join('; ')}`.slice(0, 4_000), results: [] };
}
