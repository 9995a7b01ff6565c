/** Effects on who gets traffic. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { Pod } from '@slipway/kube/api.generated';
import { keyOf, type KubeObject } from '@slipway/kube/object';
import { pods as podResource, replicaSets, services } from '@slipway/kube/resources';
import {
  countTrafficUntilAnnotation,
  splits,
  type Split,
  type SplitBackend,
  type SplitRule,
} from '@slipway/kube/split';
import { annotations, backendName, fieldManager, isOurs, labels } from '../names.ts';
import { isMarked } from '../observation.ts';
import { askedCarrier, carriersIn } from '../carriers.ts';
import type { ActionOf } from '../plan.ts';
import { closedPreview, routePort, routeRule } from '../route-rule.ts';
import { applicationService, servicePatch, versionService } from '../serving-objects.ts';
import { podsOf, releaseOf, replicaSetOf, type Effect, type Look } from './effects.ts';
import { allOf, createOwned, deleteSeen, foreignError } from './writing.ts';

/** Created where none was seen, which finds out whose it is if there is one; changed where ours was. */
export const ensureService: Effect<'ensureService'> = async ({ release }, look) => {
  const { application, services: known } = look.observation;
  const { uid = '' } = application.metadata;
  const object =
    release === undefined
      ? applicationService(application)
      : versionService(releaseOf(look, release), application.spec.service ?? {});
  const existing = known.find(({ metadata }) => metadata.name === object.metadata.name);
  if (existing === undefined) return createOwned(look.client, services, { object, uid });
  if (!isOurs(existing, uid)) throw foreignError(services, existing);
  const body = servicePatch(existing, object);
  await look.client.patch(services, keyOf(existing), { type: 'merge', body }, { fieldManager });
  return undefined;
};

export const deleteService: Effect<'deleteService'> = (_, { client, observation }) => {
  const { application, services: known } = observation;
  const { name, uid = '' } = application.metadata;
  return deleteSeen(
    client,
    services,
    known.find((service) => service.metadata.name === name && isOurs(service, uid)),
  );
};

/** The template decides for pods to come, the label for those there are; neither restarts anything. */
export const setServing = async (
  action: ActionOf<'setServing'>,
  look: Pick<Look, 'client' | 'clock' | 'observation'>,
): Promise<void> => {
  const value = action.serves ? 'true' : null;
  // What takes traffic away is done only to what was seen; what gives it may be done to anything newer.
  const seen = ({ metadata }: KubeObject): { readonly resourceVersion?: string | undefined } =>
    action.serves ? {} : { resourceVersion: metadata.resourceVersion };
  const pods = podsOf(look, action.pods);
  const isUnmarking = pods.some(isMarked);
  const patchTemplate = async (): Promise<void> => {
    const set = replicaSetOf(look, action.release);
    const { resourceVersion } = set.metadata;
    const spec = action.template ? { template: { metadata: { labels: { [labels.serves]: value } } } } : undefined;
    const body = { metadata: isUnmarking ? { resourceVersion } : seen(set), spec };
    await look.client.patch(replicaSets, keyOf(set), { type: 'merge', body }, { fieldManager });
  };
  const backend = action.backend === undefined ? {} : { [labels.backend]: action.backend ? 'true' : null };
  const marks = {
    [annotations.leftAt]: action.serves ? null : formatMicroTime(look.clock.now()),
    [annotations.drainingSince]: null,
    [annotations.deletionCost]: null,
  };
  const patch = async (pod: Pod): Promise<void> => {
    const metadata = { ...seen(pod), labels: { [labels.serves]: value, ...backend }, annotations: marks };
    await look.client.patch(podResource, keyOf(pod), { type: 'merge', body: { metadata } }, { fieldManager });
  };
  // Without its mark a pod is no longer the one that a smaller ReplicaSet takes: not where it has become smaller unseen.
  if (isUnmarking) await patchTemplate();
  // Each is right without the other, and whichever is missing is done at the next look.
  await allOf([...(action.template && !isUnmarking ? [patchTemplate()] : []), ...pods.map(patch)]);
};

/** A Split is created where none was seen and changed where one was: never both by chance. */
export const setSplit: Effect<'setSplit'> = async ({ weights, preview, handling, carriers }, look) => {
  const { application, split: existing } = look.observation;
  const { name = '', namespace, uid = '' } = application.metadata;
  const { drainSeconds } = application.spec;
  if (existing !== undefined && !isOurs(existing, uid)) throw foreignError(splits, existing);
  const split: Split = {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'Split',
    metadata: {
      name,
      namespace,
      labels: { [labels.application]: name },
      annotations: { [annotations.ownerUid]: uid },
    },
    spec: {
      application: name,
      ...(carriers ?? (existing === undefined ? askedCarrier(application) : carriersIn(existing.spec))),
      rules: [
        { ...routeRule(application), backends: backendsOf(weights, look), ...handling },
        ...(preview === undefined ? closedPreview(application) : [previewRule(preview, look)]),
      ],
      ...(drainSeconds === undefined ? {} : { drainSeconds }),
    },
  };
  if (existing === undefined) return createOwned(look.client, splits, { object: split, uid });
  const { resourceVersion } = existing.metadata;
  const { labels: own, annotations: marks } = split.metadata;
  const asked: object = JSON.parse(JSON.stringify(split.spec));
  const body = { metadata: { resourceVersion, labels: own, annotations: marks }, spec: { ...unasked, ...asked } };
  await look.client.patch(splits, keyOf(existing), { type: 'merge', body }, { fieldManager });
  return undefined;
};

/** Server-side apply would leave what it no longer names, because whoever created the Split owns that too. */
const unasked = { drainSeconds: null, through: null, alsoThrough: null, parentRefs: null, propagationSeconds: null };

function backendsOf(weights: Readonly<Record<string, number>>, look: Look): readonly SplitBackend[] {
  const port = routePort(look.observation);
  return Object.entries(weights).map(([release, weight]) => {
    const { spec } = releaseOf(look, release);
    return { service: backendName(spec), port, version: spec.version, weight };
  });
}

/** The same paths under the hosts that the release itself names. */
function previewRule(preview: string, look: Look): SplitRule {
  const hosts = releaseOf(look, preview).spec.strategy.blueGreen?.previewHosts ?? [];
  const { paths } = routeRule(look.observation.application);
  return { hosts, paths, backends: backendsOf({ [preview]: 100 }, look) };
}

export const countTraffic: Effect<'countTraffic'> = async ({ until }, { client, observation: { split } }) => {
  if (split === undefined) return;
  const metadata = { annotations: { [countTrafficUntilAnnotation]: until } };
  await client.patch(splits, keyOf(split), { type: 'merge', body: { metadata } }, { fieldManager });
};

export const closeRoute: Effect<'closeRoute'> = async (_, { client, observation: { split } }) => {
  if (split === undefined) return;
  const { resourceVersion } = split.metadata;
  const body = { metadata: { resourceVersion }, spec: { rules: [] } };
  await client.patch(splits, keyOf(split), { type: 'merge', body }, { fieldManager });
};

export const removeRoute: Effect<'removeRoute'> = (_, { client, observation }) =>
  deleteSeen(client, splits, observation.split);
