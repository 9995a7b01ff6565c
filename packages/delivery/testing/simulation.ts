/**
 * A cluster in a few plain objects: enough of ReplicaSets, pods, endpoints and gateways to run the decisions of delivery
 * through thousands of random histories a second. It knows nothing of the interlock; what must hold is said in
 * `invariants.ts`, on the world itself.
 */
import type { EndpointSlice, Pod, PodDisruptionBudget, ReplicaSet, Service } from '@slipway/kube/api.generated';
import { formatMicroTime, formatTime } from '@slipway/kube/clock';
import type { Split, SplitInstanceStatus, SplitRule } from '@slipway/kube/split';
import type { Application, ApplicationSpec } from '../src/api/application.ts';
import type { ReleaseCommand, Verb } from '../src/api/release-command.ts';
import type { Release } from '../src/api/release.ts';
import { annotations, backendName, labels, teardownFinalizer } from '../src/names.ts';
import { frozenName, type Copy } from '../src/configuration/content.ts';
import { referenceKey } from '../src/configuration/references.ts';
import type { HeardAnswer, Observation, Trial } from '../src/observation.ts';
import { attemptOf } from '../src/release-status.ts';
import type { Action, ActionOf, Decision } from '../src/plan.ts';
import { closedPreview, routePort, routeRule } from '../src/routing.ts';
import { applicationBudget } from '../src/disruption-budget.ts';
import { applicationService, versionService } from '../src/serving-objects.ts';

export const brokenImage = 'broken';
export const unfitImage = 'unfit';
const configMap = { kind: 'ConfigMap', name: 'settings' } as const;
const application = 'shop';
const gateway = 'gateway-0';

/** The world. Objects are never changed, only replaced. */
export interface World {
  readonly now: number;
  readonly revision: number;
  readonly application: Application;
  readonly releases: readonly Release[];
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  readonly slice: EndpointSlice;
  readonly split: Split | undefined;
  readonly gatewayAlive: boolean;
  readonly commands: readonly ReleaseCommand[];
  readonly answers: ReadonlyMap<string, HeardAnswer>;
  readonly services: readonly Service[];
  readonly budgets: readonly PodDisruptionBudget[];
  /** Content of the ConfigMap that every template refers to. */
  readonly configuration: string;
  readonly copies: readonly Copy[];
  readonly trial: Trial | undefined;
}

export function createWorld(spec: ApplicationSpec): World {
  return {
    now: Date.UTC(2026, 0, 1),
    revision: 1,
    application: {
      metadata: { name: application, namespace: 'default', uid: 'u', generation: 1, finalizers: [teardownFinalizer] },
      spec,
    },
    releases: [],
    replicaSets: [],
    pods: [],
    slice: sliceOf([]),
    split: undefined,
    gatewayAlive: true,
    commands: [],
    answers: new Map(),
    services: [],
    budgets: [],
    configuration: 'first00000',
    copies: [],
    trial: undefined,
  };
}

export function observationOf(world: World): Observation {
  return {
    application: world.application,
    releases: world.releases,
    replicaSets: world.replicaSets,
    pods: world.pods,
    services: world.services,
    budgets: world.budgets,
    slices: [world.slice, ...backendSlices(world)],
    split: world.split,
    gateways: world.gatewayAlive ? [gateway] : [],
    commands: world.commands,
    answers: world.answers,
    sources: new Map([[referenceKey(configMap), { content: world.configuration, isLive: false }]]),
    copies: world.copies,
    trial: world.trial,
  };
}

/** Thrown where the API server would answer 409: the write was decided on an older version. */
export class Outdated extends Error {}

/** Status first, then the actions, as the controller does; `stopAfter` of these effects happen. */
export function carryOut(
  world: World,
  decision: Decision,
  {
    decidedOn,
    stopAfter,
    onAction,
  }: {
    readonly decidedOn: Observation;
    readonly stopAfter: number;
    readonly onAction: (before: World, action: Action, after: World) => void;
  },
): World {
  let left = stopAfter;
  let next = world;
  if (decision.applicationStatus !== undefined) {
    if (left-- <= 0) return next;
    if (world.application.metadata.resourceVersion !== decidedOn.application.metadata.resourceVersion)
      throw new Outdated();
    const [application, revision] = versioned(world, { ...world.application, status: decision.applicationStatus });
    next = { ...world, revision, application };
  }
  for (const [name, status] of decision.releaseStatuses) {
    if (left-- <= 0) return next;
    const known = decidedOn.releases.find(({ metadata }) => metadata.name === name);
    if (known === undefined) continue;
    next = writeRelease(next, known, { ...known, status });
  }
  for (const action of decision.actions) {
    if (left-- <= 0) return next;
    const before = next;
    next = perform(before, action, decidedOn);
    onAction(before, action, next);
  }
  return next;
}

function versioned<T extends { readonly metadata: object }>(world: World, object: T): readonly [T, number] {
  const revision = world.revision + 1;
  return [{ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }, revision];
}

function writeRelease(world: World, known: Release, changed: Release): World {
  const current = world.releases.find(({ metadata }) => metadata.name === known.metadata.name);
  if (current === undefined || current.metadata.resourceVersion !== known.metadata.resourceVersion)
    throw new Outdated();
  const [written, revision] = versioned(world, changed);
  return { ...world, revision, releases: world.releases.map((each) => (each === current ? written : each)) };
}

function perform(world: World, action: Action, seen: Observation): World {
  switch (action.type) {
    case 'tryRelease':
      return { ...world, trial: { attempt: action.attempt, at: world.now, refusal: refusalOf(action.release) } };
    case 'freezeConfiguration':
      return freeze(world, action.release);
    case 'deleteCopy':
      return { ...world, copies: world.copies.filter(({ object }) => object.metadata.name !== action.name) };
    case 'ensureService':
      return ensureService(world, action, seen);
    case 'ensureBudget':
      return { ...world, budgets: [applicationBudget(world.application)] };
    case 'deleteBudget':
      return { ...world, budgets: [] };
    case 'createRelease':
      return createRelease(world, action.release);
    case 'createVersion':
      return createReplicaSet(world, action.release, action.replicas);
    case 'scale':
      return changeReplicaSet(world, seen, action.release, (set) => ({
        ...set,
        spec: { ...set.spec, selector: set.spec?.selector ?? {}, replicas: action.replicas },
      }));
    case 'setServing':
      return setServing(world, action, seen);
    case 'markForDeletion':
      return changePods(world, seen, action.pods, (pod) => annotated(pod, { [annotations.deletionCost]: '-1000' }));
    case 'setSplit':
      return setSplit(world, action, seen);
    case 'askHealth':
      return action.pods.reduce(answerHealth, world);
    case 'deleteVersion':
      return deleteVersion(world, action.release);
    case 'deleteRelease':
      return { ...world, releases: world.releases.filter(({ metadata }) => metadata.name !== action.release) };
    case 'deleteCommand':
      return { ...world, commands: world.commands.filter(({ metadata }) => metadata.name !== action.name) };
    case 'closeRoute':
      return closeRoute(world, seen);
    case 'removeRoute':
      if (isSplitOutdated(world, seen)) throw new Outdated();
      return { ...world, split: undefined };
    case 'countTraffic':
    case 'deleteService':
    case 'setFinalizer':
    case 'event':
      return world;
  }
}

/** What the API server would say of an image that no pod may have. */
function refusalOf({ spec }: Release): Trial['refusal'] {
  const isUnfit = spec.template.spec?.containers[0]?.image === unfitImage;
  return isUnfit ? { reason: 'TemplateRefused', message: 'unfit' } : undefined;
}

function freeze(world: World, { spec }: Release): World {
  const { name } = configMap;
  const frozen = frozenName(application, name, world.configuration);
  if (spec.frozen?.[referenceKey(configMap)] !== frozen) throw new Outdated();
  if (world.copies.some(({ object }) => object.metadata.name === frozen)) return world;
  const metadata = { name: frozen, creationTimestamp: formatTime(world.now) };
  return { ...world, copies: [...world.copies, { kind: 'ConfigMap', object: { metadata } }] };
}

function ensureService(world: World, { release }: ActionOf<'ensureService'>, seen: Observation): World {
  const found = seen.releases.find(({ metadata }) => metadata.name === release);
  const service =
    found === undefined
      ? applicationService(world.application)
      : versionService(found, world.application.spec.service ?? {});
  const others = world.services.filter(({ metadata }) => metadata.name !== service.metadata.name);
  return { ...world, services: [...others, service] };
}

function createRelease(world: World, release: Release): World {
  if (world.releases.some(({ metadata }) => metadata.name === release.metadata.name)) return world;
  const metadata = { ...release.metadata, creationTimestamp: formatTime(world.now) };
  const [written, revision] = versioned(world, { ...release, metadata });
  return { ...world, revision, releases: [...world.releases, written] };
}

function createReplicaSet(world: World, release: Release, replicas: number): World {
  const name = backendName(release.spec);
  if (world.replicaSets.some(({ metadata }) => metadata.name === name)) return world;
  const own = { [labels.application]: application, [labels.release]: release.metadata.name ?? '' };
  const [written, revision] = versioned(world, {
    metadata: { name, labels: own, annotations: { [annotations.ownerUid]: 'u' } },
    spec: {
      replicas,
      selector: { matchLabels: own },
      template: { ...release.spec.template, metadata: { labels: { ...own, [labels.backend]: 'true' } } },
    },
  });
  return { ...world, revision, replicaSets: [...world.replicaSets, written] };
}

function replicaSetName(seen: Observation, release: string): string {
  const found = seen.releases.find(({ metadata }) => metadata.name === release);
  return found === undefined ? '' : backendName(found.spec);
}

function changeReplicaSet(
  world: World,
  seen: Observation,
  release: string,
  change: (set: ReplicaSet) => ReplicaSet,
): World {
  const name = replicaSetName(seen, release);
  const known = seen.replicaSets.find(({ metadata }) => metadata.name === name);
  const current = world.replicaSets.find(({ metadata }) => metadata.name === name);
  if (current === undefined || current.metadata.resourceVersion !== known?.metadata.resourceVersion)
    throw new Outdated();
  const [written, revision] = versioned(world, change(current));
  return { ...world, revision, replicaSets: world.replicaSets.map((each) => (each === current ? written : each)) };
}

function labelled(pod: Pod, changes: Readonly<Record<string, string | undefined>>): Pod {
  return { ...pod, metadata: { ...pod.metadata, labels: withoutUndefined({ ...pod.metadata.labels, ...changes }) } };
}

function annotated(pod: Pod, changes: Readonly<Record<string, string | undefined>>): Pod {
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations: withoutUndefined({ ...pod.metadata.annotations, ...changes }) },
  };
}

function withoutUndefined(record: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/** A write carries the version that was seen; a pod that changed since then is not touched. */
function changePods(world: World, seen: Observation, names: readonly string[], change: (pod: Pod) => Pod): World {
  return names.reduce((before, name) => {
    const current = before.pods.find(({ metadata }) => metadata.name === name);
    const known = seen.pods.find(({ metadata }) => metadata.name === name);
    if (current === undefined || current.metadata.resourceVersion !== known?.metadata.resourceVersion)
      throw new Outdated();
    return replacePod(before, current, change(current));
  }, world);
}

function replacePod(world: World, current: Pod, changed: Pod): World {
  const [written, revision] = versioned(world, changed);
  return { ...world, revision, pods: world.pods.map((each) => (each === current ? written : each)) };
}

function setServing(world: World, action: ActionOf<'setServing'>, seen: Observation): World {
  const serves = action.serves ? 'true' : undefined;
  const templated = action.template
    ? changeReplicaSet(world, seen, action.release, (set) => {
        const template = set.spec?.template ?? {};
        const changed = withoutUndefined({ ...template.metadata?.labels, [labels.serves]: serves });
        return {
          ...set,
          spec: {
            ...set.spec,
            selector: set.spec?.selector ?? {},
            template: { ...template, metadata: { labels: changed } },
          },
        };
      })
    : world;
  const backend = action.backend === undefined ? {} : { [labels.backend]: action.backend ? 'true' : undefined };
  return changePods(templated, seen, action.pods, (pod) =>
    annotated(labelled(pod, { [labels.serves]: serves, ...backend }), {
      [annotations.leftAt]: action.serves ? undefined : formatMicroTime(world.now),
      [annotations.deletionCost]: undefined,
    }),
  );
}

function setSplit(world: World, { weights, preview }: ActionOf<'setSplit'>, seen: Observation): World {
  if (isSplitOutdated(world, seen)) throw new Outdated();
  const ruleOf = (shares: Readonly<Record<string, number>>): SplitRule => ({
    ...routeRule(world.application),
    backends: Object.entries(shares).map(([release, weight]) => ({
      service: replicaSetName(seen, release),
      port: routePort(world.application),
      version: release,
      weight,
    })),
  });
  const previewed = preview === undefined ? closedPreview(world.application) : [ruleOf({ [preview]: 100 })];
  const [written, revision] = versioned(world, {
    metadata: {
      name: application,
      generation: (world.split?.metadata.generation ?? 0) + 1,
      annotations: { [annotations.ownerUid]: 'u' },
    },
    spec: { application, rules: [ruleOf(weights), ...previewed], drainSeconds: world.application.spec.drainSeconds },
    status: world.split?.status,
  });
  return { ...world, revision, split: written };
}

function isSplitOutdated(world: World, seen: Observation): boolean {
  return world.split?.metadata.resourceVersion !== seen.split?.metadata.resourceVersion;
}

function closeRoute(world: World, seen: Observation): World {
  const { split } = world;
  if (split === undefined || isSplitOutdated(world, seen)) throw new Outdated();
  const [written, revision] = versioned(world, {
    ...split,
    metadata: { ...split.metadata, generation: (split.metadata.generation ?? 0) + 1 },
    spec: { ...split.spec, rules: [] },
  });
  return { ...world, revision, split: written };
}

/** A pod of a broken image says that it is not healthy. */
function answerHealth(world: World, name: string): World {
  const pod = world.pods.find(({ metadata }) => metadata.name === name);
  if (pod === undefined) return world;
  const healthy = pod.spec?.containers[0]?.image?.startsWith(brokenImage) !== true;
  const uid = pod.metadata.uid ?? '';
  const release = world.releases.find(({ metadata }) => metadata.name === pod.metadata.labels?.[labels.release]);
  const answer: HeardAnswer = {
    pod: name,
    uid,
    attempt: attemptOf(release?.status ?? { phase: 'Pending' }),
    outcome: healthy ? 'passed' : 'failed',
    code: 200,
    answer: String(healthy),
    at: formatMicroTime(world.now),
  };
  return { ...world, answers: new Map(world.answers).set(uid, answer) };
}

function deleteVersion(world: World, release: string): World {
  const found = world.releases.find(({ metadata }) => metadata.name === release);
  const name = found === undefined ? '' : backendName(found.spec);
  return {
    ...world,
    services: world.services.filter(({ metadata }) => metadata.name !== name),
    replicaSets: world.replicaSets.filter(({ metadata }) => metadata.name !== name),
    pods: world.pods.filter(({ metadata }) => metadata.labels?.[labels.release] !== release),
  };
}

export function isPodReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** What ReplicaSet controllers do: `onDelete` hears of each pod that a smaller size removes. */
export function runReplicaSets(world: World, onDelete: (world: World, pod: Pod) => void): World {
  return world.replicaSets.reduce((before, set) => {
    const release = set.metadata.labels?.[labels.release];
    const owned = before.pods.filter(({ metadata }) => metadata.labels?.[labels.release] === release);
    const wanted = set.spec?.replicas ?? 0;
    if (owned.length > wanted) {
      const doomed = owned.toSorted(byDeletionRank).slice(0, owned.length - wanted);
      for (const pod of doomed) onDelete(before, pod);
      return { ...before, pods: before.pods.filter((pod) => !doomed.includes(pod)) };
    }
    return Array.from({ length: wanted - owned.length }).reduce<World>((all) => createPod(all, set), before);
  }, world);
}

/** Not ready first, then the lowest deletion cost, then the youngest: as the ReplicaSet controller ranks. */
function byDeletionRank(a: Pod, b: Pod): number {
  const cost = (pod: Pod): number => Number(pod.metadata.annotations?.[annotations.deletionCost] ?? 0);
  return (
    Number(isPodReady(a)) - Number(isPodReady(b)) ||
    cost(a) - cost(b) ||
    Number(b.metadata.uid) - Number(a.metadata.uid)
  );
}

function createPod(world: World, set: ReplicaSet): World {
  const uid = String(world.revision + 1);
  const [pod, revision] = versioned(world, {
    metadata: { name: `pod-${uid}`, uid, labels: set.spec?.template?.metadata?.labels },
    spec: set.spec?.template?.spec,
  });
  return { ...world, revision, pods: [...world.pods, pod] };
}

export function setReady(world: World, index: number, ready: boolean): World {
  const pod = world.pods[index % Math.max(1, world.pods.length)];
  if (pod === undefined || isPodReady(pod) === ready) return world;
  return replacePod(world, pod, {
    ...pod,
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  });
}

export function removePod(world: World, index: number): World {
  const pod = world.pods[index % Math.max(1, world.pods.length)];
  return pod === undefined ? world : { ...world, pods: world.pods.filter((each) => each !== pod) };
}

function sliceOf(pods: readonly Pod[], service = application): EndpointSlice {
  return {
    addressType: 'IPv4',
    metadata: { name: service, labels: { 'kubernetes.io/service-name': service } },
    endpoints: pods.map((pod) => ({
      addresses: [],
      conditions: { ready: isPodReady(pod) },
      targetRef: { kind: 'Pod', name: pod.metadata.name },
    })),
  };
}

/** The slice of the Application's Service follows the pods when this runs; those of the versions always do. */
export function runEndpoints(world: World): World {
  return { ...world, slice: sliceOf(world.pods.filter(({ metadata }) => metadata.labels?.[labels.serves] === 'true')) };
}

function backendSlices(world: World): readonly EndpointSlice[] {
  return world.replicaSets.map((set) =>
    sliceOf(
      world.pods.filter(
        ({ metadata }) =>
          metadata.labels?.[labels.backend] === 'true' &&
          metadata.labels[labels.release] === set.metadata.labels?.[labels.release],
      ),
      set.metadata.name ?? '',
    ),
  );
}

export function runGateway(world: World): World {
  const { split, gatewayAlive } = world;
  const generation = split?.metadata.generation;
  if (
    split === undefined ||
    generation === undefined ||
    !gatewayAlive ||
    split.status?.instances?.[0]?.observedGeneration === generation
  )
    return world;
  const instance: SplitInstanceStatus = {
    name: gateway,
    observedGeneration: generation,
    inForceSince: formatMicroTime(world.now),
  };
  const [written, revision] = versioned(world, { ...split, status: { instances: [instance] } });
  return { ...world, revision, split: written };
}

export function ask(world: World, verb: Verb): World {
  const name = `${verb}-${world.revision}`;
  return {
    ...world,
    revision: world.revision + 1,
    commands: [...world.commands, { metadata: { name }, spec: { application, verb } }],
  };
}

/** What a person applies: the spec, in a new generation. */
export function changeSpec(world: World, change: Partial<ApplicationSpec>): World {
  const { metadata, spec } = world.application;
  const [changed, revision] = versioned(world, {
    ...world.application,
    metadata: { ...metadata, generation: (metadata.generation ?? 0) + 1 },
    spec: { ...spec, ...change },
  });
  return { ...world, revision, application: changed };
}

export function templateOf(image: string): ApplicationSpec['template'] {
  const env = [{ name: 'COLOUR', valueFrom: { configMapKeyRef: { name: configMap.name, key: 'colour' } } }];
  return { spec: { containers: [{ name: 'web', image, env }] } };
}

/** What a person changes in the ConfigMap. */
export function configure(world: World, configuration: string): World {
  return { ...world, configuration };
}
