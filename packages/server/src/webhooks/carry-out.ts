import type { AuditEntry } from '../audit/audit.ts';
import type { ServerContext } from '../http/context.ts';
import type { Claim, Outcome } from './claims.ts';
import type { DeliveryResult } from './deliveries.ts';
import { createFindTagDigest } from './registry/tag-digests.ts';
import { releaseImages } from './release-images.ts';
import { syncManifests } from './sync-manifests.ts';
import { findWebhook } from './webhook-records.ts';

/** Does what a delivery asks for, by what its webhook says now. May be done again. */
export async function carryOut({ delivery }: Claim, context: ServerContext, signal: AbortSignal): Promise<Outcome> {
  const webhook = await findWebhook(context.database, delivery.webhookId);
  if (webhook === undefined) return { state: 'ignored', message: 'the webhook is gone', results: [] };
  const { target } = webhook;
  const isRepetition = delivery.repeats !== undefined;
  if ('images' in target) {
    const images = delivery.events.filter((event) => event.type === 'image');
    const findDigest = createFindTagDigest(webhook.id, context, signal);
    return await releaseImages(
      { rules: target.images, images, requestedBy: delivery.requestedBy, isRepetition, findDigest },
      context,
      signal,
    );
  }
  // Commits of one branch: the last one is where it is.
  const pushed = delivery.events.findLast((event) => event.type === 'commit');
  if (pushed === undefined) return { state: 'ignored', message: 'it tells of no commit', results: [] };
  return await syncManifests(
    { webhookId: webhook.id, source: target.manifests, pushed, requestedBy: delivery.requestedBy, isRepetition },
    context,
    signal,
  );
}

const changes: ReadonlySet<DeliveryResult['outcome']> = new Set(['released', 'applied', 'removed', 'failed']);

/** Who asked for each change that a delivery has brought. */
export function describeForAudit({ delivery }: Claim, outcome: Outcome, now: number): readonly AuditEntry[] {
  return outcome.results
    .filter(({ outcome }) => changes.has(outcome))
    .map(({ kind, namespace, name, outcome, message, image, version, release }) => ({
      at: new Date(now).toISOString(),
      principal: delivery.requestedBy,
      address: delivery.address,
      action: `webhook ${kind}`,
      namespace,
      subject: name,
      outcome,
      details: { webhook: delivery.webhookId, delivery: delivery.id, message, image, version, release },
    }));
}
