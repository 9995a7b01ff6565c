import { applications, type Application } from '@slipway/delivery/api/application';
import { isStatusReason } from '@slipway/kube/status-error';
import { awaitRelease, rememberReleases } from '../api/await-release.ts';
import { etagOf, writeApplication, type ApplicationKey } from '../api/write-application.ts';
import type { ServerContext } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { optional } from '../optional.ts';
import type { Outcome } from './claims.ts';
import type { DeliveryResult } from './deliveries.ts';
import { planImageRelease } from './plan-image-release.ts';
import type { FindTagDigest } from './registry/tag-digests.ts';
import { TryLater } from './run-deliveries.ts';
import type { ImageRule, PushedImage } from './webhook.ts';

export interface ImageOrder {
  readonly rules: readonly ImageRule[];
  readonly images: readonly PushedImage[];
  readonly requestedBy: string;
  /** Somebody asks for it again, whatever came since. */
  readonly isRepetition: boolean;
  /** Of what the sender says no digest of. */
  readonly findDigest: FindTagDigest;
}

/**
 * Asks for the pushed images in every Application that a rule means. Doing it again changes nothing more. A registry that
 * does not answer keeps no Application of another one: it is tried again once all have been looked at.
 */
export async function releaseImages(order: ImageOrder, context: ServerContext, signal: AbortSignal): Promise<Outcome> {
  const results: DeliveryResult[] = [];
  const unanswered: Unanswered[] = [];
  for (const image of order.images)
    for (const rule of order.rules.filter(({ repository }) => repository === image.repository))
      for (const key of await findApplications(rule, context, signal)) {
        signal.throwIfAborted();
        const result = await releaseImage({ key, rule, image, order }, context);
        if (result instanceof TryLater) unanswered.push({ key, error: result });
        else if (result !== undefined) results.push(result);
      }
  requireAnswers(unanswered, results);
  return summarize(results, order.images);
}

interface Unanswered {
  readonly key: ApplicationKey;
  readonly error: TryLater;
}

function requireAnswers(unanswered: readonly Unanswered[], others: readonly DeliveryResult[]): void {
  const [first] = unanswered;
  if (first === undefined) return;
  const failed = unanswered.map(({ key, error }) => ({
    ...identify(key),
    outcome: 'failed' as const,
    message: error.message,
  }));
  const afterSeconds = Math.max(...unanswered.map(({ error }) => error.afterSeconds ?? 0));
  throw new TryLater(first.error.message, { cause: first.error, results: [...others, ...failed], afterSeconds });
}

/** Asked of the cluster: one that was just made may not have been heard of. */
async function findApplications(
  rule: ImageRule,
  { client, namespace }: ServerContext,
  signal: AbortSignal,
): Promise<readonly ApplicationKey[]> {
  const served = rule.namespaces.filter((name) => namespace === undefined || namespace === name);
  const lists = await Promise.all(served.map((name) => client.list(applications, { namespace: name, signal })));
  return lists
    .flatMap(({ items }) => items)
    .map((application) => ({ namespace: application.metadata.namespace ?? '', name: application.metadata.name ?? '' }))
    .filter(({ name }) => rule.applications === undefined || rule.applications.includes(name));
}

interface Wanted {
  readonly key: ApplicationKey;
  readonly rule: ImageRule;
  readonly image: PushedImage;
  readonly order: ImageOrder;
}

/** Others write meanwhile: what they wrote is looked at again. */
const maximumAttempts = 10;

/** Undefined where the image is none of the Application's. What is wrong with one Application keeps no other one. */
async function releaseImage(wanted: Wanted, context: ServerContext): Promise<DeliveryResult | TryLater | undefined> {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await tryRelease(wanted, context);
    } catch (error) {
      const isOvertaken = error instanceof Problem && error.status === 412;
      if (isOvertaken && attempt < maximumAttempts) continue;
      if (isStatusReason(error, 'Invalid', 'BadRequest', 'Forbidden') || isRefused(error))
        return { ...identify(wanted.key), outcome: 'failed', message: error.message };
      if (error instanceof TryLater) return error;
      throw error;
    }
}

/** By the registry. */
function isRefused(error: unknown): error is Problem {
  return error instanceof Problem && error.status === 422;
}

async function tryRelease(wanted: Wanted, context: ServerContext): Promise<DeliveryResult | undefined> {
  const { key, rule, image, order } = wanted;
  const application = await read(key, context);
  if (application === undefined || application.metadata.deletionTimestamp !== undefined) return undefined;
  const plan = planImageRelease(application, { rule, pushed: image, mayGoBack: order.isRepetition });
  switch (plan.type) {
    case 'needsDigest': {
      const digest = await order.findDigest(rule, image);
      return await tryRelease({ ...wanted, image: { ...image, digest } }, context);
    }
    case 'unconcerned':
      return undefined;
    case 'passedOver':
      return { ...identify(key), outcome: 'passedOver', message: plan.reason };
    case 'unchanged':
      return { ...identify(key), outcome: 'unchanged', image: plan.image };
    case 'release': {
      const before = rememberReleases(key, context);
      const condition = { type: 'match', etag: etagOf(application) } as const;
      const written = await writeApplication({ ...key, spec: plan.spec }, condition, {
        client: context.client,
        dryRun: false,
        requestedBy: order.requestedBy,
      });
      const release = await awaitRelease(written, before, context);
      const began = optional('release', release?.metadata.name);
      return {
        ...identify(key),
        outcome: 'released',
        image: plan.image,
        ...optional('version', plan.version),
        ...began,
      };
    }
  }
}

async function read(key: ApplicationKey, { client }: ServerContext): Promise<Application | undefined> {
  try {
    return await client.get(applications, key);
  } catch (error) {
    if (isStatusReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

function identify({ namespace, name }: ApplicationKey) {
  return { kind: 'Application', namespace, name };
}

function summarize(results: readonly DeliveryResult[], images: readonly PushedImage[]): Outcome {
  const pushed = images.map(({ repository, tag }) => `${repository}:${tag}`).join(', ');
  const [failed] = results.filter(({ outcome }) => outcome === 'failed');
  if (failed !== undefined)
    return { state: 'failed', message: `${failed.name} does not take ${pushed}: ${failed.message ?? ''}`, results };
  const released = results.filter(({ outcome }) => outcome === 'released');
  if (released.length > 0)
    return { state: 'succeeded', message: `${pushed} goes to ${released.map(({ name }) => name).join(', ')}`, results };
  if (results.some(({ outcome }) => outcome === 'unchanged'))
    return { state: 'succeeded', message: `${pushed} is asked for already`, results };
  const why = results[0]?.message ?? 'no rule of the webhook leads to an Application with this image';
  return { state: 'ignored', message: `${pushed}: ${why}`, results };
}
