/**
 * What the version of an Application would lack that nobody has released yet, for whoever asks before: judged by the very function
 * by which the controller does not begin it.
 */
import type { ConfigMap, Secret } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import type { KubeObject } from '@slipway/kube/object';
import { configMaps, secrets } from '@slipway/kube/resources';
import { absentAsUndefined, isStatusReason } from '@slipway/kube/status-error';
import { askedOf, isAsked, referencesOf } from '../asked.ts';
import { sourceOf, type Source } from '../configuration/content.ts';
import { needsBeside } from '../configuration/needs-beside.ts';
import { referenceKey, type Reference } from '../configuration/references.ts';
import { findLacking } from '../lacking.ts';
import { byStart } from '../release-order.ts';
import type { Application } from './application.ts';
import type { Release } from './release.ts';

export interface Surroundings {
  readonly client: Pick<KubeClient, 'get'>;
  /** Those that the Application has. */
  readonly releases: readonly Release[];
  /** What would be applied with it, as the API server would have it: that counts as if it were there. */
  readonly beside?: readonly KubeObject[] | undefined;
}

export interface Missing {
  /** Sentences. */
  readonly lacks: readonly string[];
  /** `Secret/name` of what may not be read by whoever asks: nothing is known of it. */
  readonly unread: readonly string[];
}

/** A template that a Deployment holds runs already. */
export async function findMissing(application: Application, around: Surroundings): Promise<Missing> {
  const { spec } = application;
  if (spec.workloadRef !== undefined) return { lacks: [], unread: [] };
  const found = await Promise.all(
    wantedBy(application).map(async (reference) => ({
      key: referenceKey(reference),
      source: await findSource(reference, application, around),
    })),
  );
  const sources = new Map(found.flatMap(({ key, source }) => (source === undefined ? [] : [[key, source] as const])));
  const releases = around.releases.toSorted(byStart);
  const asked = askedOf({ application, sources, releases });
  const isNew = !releases.some((release) => isAsked({ application }, asked, release));
  return {
    lacks: isNew ? findLacking({ application, sources, asked }) : [],
    unread: found.filter(({ source }) => source === unreadSource).map(({ key }) => key),
  };
}

const unreadSource: Source = { content: undefined, isLive: false };

/** What spec calls live is nobody's business. */
function wantedBy({ spec }: Application): readonly Reference[] {
  const live = new Set(spec.configuration?.live);
  const ofPods = referencesOf(spec).filter(({ name }) => !live.has(name));
  const all = [...ofPods, ...needsBeside(spec).map(({ reference }) => reference)];
  return [...new Map(all.map((reference) => [referenceKey(reference), reference])).values()];
}

async function findSource(
  { kind, name }: Reference,
  { metadata: { namespace } }: Application,
  { client, beside = [] }: Surroundings,
): Promise<Source | undefined> {
  const applied = beside.find(
    (object) => object.kind === kind && object.metadata.name === name && object.metadata.namespace === namespace,
  );
  if (applied !== undefined) return sourceOf(applied);
  const key = { namespace, name };
  try {
    const object = await absentAsUndefined<ConfigMap | Secret>(
      kind === 'Secret' ? client.get(secrets, key) : client.get(configMaps, key),
    );
    return object === undefined ? undefined : sourceOf(object);
  } catch (error) {
    if (isStatusReason(error, 'Forbidden')) return unreadSource;
    throw error;
  }
}
