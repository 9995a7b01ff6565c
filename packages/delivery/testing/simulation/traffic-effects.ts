import { formatMicroTime } from '@slipway/kube/clock';
import type { Pod } from '@slipway/kube/api.generated';
import type { Split, SplitRule } from '@slipway/kube/split';
import { annotations, labels } from '../../src/names.ts';
import { isMarked, type Observation } from '../../src/observation.ts';
import { askedCarrier, carriersIn } from '../../src/carriers.ts';
import { closedPreview, routePort, routeRule } from '../../src/route-rule.ts';
import { outdated, replicaSetName, type Effect } from './effect.ts';
import { withoutFormerRouters } from './router-changes.ts';
import { annotated, changePods, changeReplicaSet, withoutUndefined, type Target } from './version-effects.ts';
import { controllerTime, application, versioned, type World } from './world.ts';

/** The template decides for pods to come, the label for those there are. */
export const setServing: Effect<'setServing'> = (action, world, seen) => {
  const serves = action.serves ? 'true' : undefined;
  // What takes traffic away is done only to what was seen; what gives it may be done to anything newer.
  const isForced = action.serves;
  const isUnmarking = seen.pods.some((pod) => action.pods.includes(pod.metadata.name ?? '') && isMarked(pod));
  const target = { seen, release: action.release, isForced: isForced && !isUnmarking };
  const templated = action.template
    ? changeTemplate(world, target, serves)
    : isUnmarking
      ? changeReplicaSet(world, target, (set) => set)
      : world;
  const backend = action.backend === undefined ? {} : { [labels.backend]: action.backend ? 'true' : undefined };
  return changePods(templated, { seen, pods: action.pods, isForced }, (pod) =>
    annotated(labelled(pod, { [labels.serves]: serves, ...backend }), {
      [annotations.leftAt]: action.serves ? undefined : formatMicroTime(controllerTime(world)),
      [annotations.drainingSince]: undefined,
      [annotations.deletionCost]: undefined,
    }),
  );
};

function changeTemplate(world: World, target: Target, serves: string | undefined): World {
  return changeReplicaSet(world, target, (set) => {
    const template = set.spec?.template ?? {};
    const changed = withoutUndefined({ ...template.metadata?.labels, [labels.serves]: serves });
    const selector = set.spec?.selector ?? {};
    return { ...set, spec: { ...set.spec, selector, template: { ...template, metadata: { labels: changed } } } };
  });
}

function labelled(pod: Pod, changes: Readonly<Record<string, string | undefined>>): Pod {
  return { ...pod, metadata: { ...pod.metadata, labels: withoutUndefined({ ...pod.metadata.labels, ...changes }) } };
}

export const setSplit: Effect<'setSplit'> = ({ weights, preview, handling, carriers }, world, seen) => {
  // Where none was seen it is created, and one that is there by now stays as it is.
  if (seen.split === undefined && world.split !== undefined) return world;
  if (isSplitOutdated(world, seen)) throw outdated;
  const { spec } = world.application;
  const previewed =
    preview === undefined ? closedPreview(world.application) : [ruleOf(world, seen, { [preview]: 100 })];
  const rules = [{ ...ruleOf(world, seen, weights), ...handling }, ...previewed];
  const carrying =
    carriers ?? (world.split === undefined ? askedCarrier(world.application) : carriersIn(world.split.spec));
  const written = writeSplit(world, { application, ...carrying, rules, drainSeconds: spec.drainSeconds });
  return carriers === undefined ? written : withoutFormerRouters(written);
};

function ruleOf(world: World, seen: Observation, weights: Readonly<Record<string, number>>): SplitRule {
  const backends = Object.entries(weights).map(([release, weight]) => ({
    service: replicaSetName(seen, release),
    port: routePort(world),
    version: release,
    weight,
  }));
  return { ...routeRule(world.application), backends };
}

function writeSplit(world: World, spec: Split['spec']): World {
  const [split, revision] = versioned(world, {
    metadata: {
      name: application,
      uid: world.split?.metadata.uid ?? String(world.revision),
      generation: (world.split?.metadata.generation ?? 0) + 1,
      annotations: { [annotations.ownerUid]: world.application.metadata.uid ?? '' },
    },
    spec,
    status: world.split?.status,
  });
  return { ...world, revision, split };
}

function isSplitOutdated(world: World, seen: Observation): boolean {
  return world.split?.metadata.resourceVersion !== seen.split?.metadata.resourceVersion;
}

export const createSessionKey: Effect<'createSessionKey'> = (_, world) => ({
  ...world,
  sessionKey: { metadata: { name: `${application}-sessions` } },
});

export const deleteSessionKey: Effect<'deleteSessionKey'> = (_, world) => ({ ...world, sessionKey: undefined });

export const closeRoute: Effect<'closeRoute'> = (_, world, seen) => {
  if (world.split === undefined || isSplitOutdated(world, seen)) throw outdated;
  return writeSplit(world, { ...world.split.spec, rules: [] });
};

export const removeRoute: Effect<'removeRoute'> = (_, world, seen) => {
  if (isSplitOutdated(world, seen)) throw outdated;
  return { ...world, split: undefined };
};
