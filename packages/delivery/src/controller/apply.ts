/** Carries out what was decided: the only writer. */
import type { Pod, PodTemplateSpec, ReplicaSet, Service } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { formatTime, type Clock } from '@slipway/kube/clock';
import type { EventRecorder } from '@slipway/kube/event-recorder';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { pods, replicaSets, services } from '@slipway/kube/resources';
import { splits, type Split, type SplitBackend } from '@slipway/kube/split';
import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import { applications } from '../api/application.ts';
import { releaseCommands } from '../api/release-command.ts';
import { releases, type HealthAnswer, type Release } from '../api/release.ts';
import { askHealth } from '../gates/ask-health.ts';
import { annotations, backendName, fieldManager, isOurs, labels, teardownFinalizer } from '../names.ts';
import type { Observation } from '../observation.ts';
import type { Action, Decision } from '../plan.ts';
import { nameOf } from '../release-context.ts';

export interface Effects {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  /** Receives what pods answered, for the next look. */
  readonly onAnswer: (podUid: string, answer: HealthAnswer) => void;
}

/** In order, stopping at the first failure; the next look decides again. Status first: it remembers why what follows is done. */
export async function applyDecision(decision: Decision, observation: Observation, effects: Effects): Promise<void> {
  for (const [name, status] of decision.releaseStatuses) {
    const key = { namespace: observation.application.metadata.namespace, name };
    if (observation.releases.some((release) => nameOf(release) === name))
      await patchStatus(effects, {
        type: releases,
        key,
        status,
        version: observation.releases.find((release) => nameOf(release) === name)?.metadata.resourceVersion,
      });
  }
  for (const action of decision.actions) await applyAction(action, observation, effects);
  const { applicationStatus } = decision;
  if (
    applicationStatus === undefined ||
    JSON.stringify(applicationStatus) === JSON.stringify(observation.application.status)
  )
    return;
  const { namespace, name = '' } = observation.application.metadata;
  await patchStatus(effects, {
    type: applications,
    key: { namespace, name },
    status: applicationStatus,
    version: undefined,
  });
}

interface StatusPatch {
  readonly type: ResourceType;
  readonly key: { readonly namespace?: string | undefined; readonly name: string };
  readonly status: object;
  readonly version: string | undefined;
}

/** The whole status replaces the old one; the resourceVersion is that of the look it was decided on. */
async function patchStatus({ client }: Effects, { type, key, status, version }: StatusPatch): Promise<void> {
  const test = version === undefined ? [] : [{ op: 'test', path: '/metadata/resourceVersion', value: version }];
  try {
    await client.patch(
      type,
      key,
      { type: 'json', body: [...test, { op: 'add', path: '/status', value: JSON.parse(JSON.stringify(status)) }] },
      { subresource: 'status', fieldManager },
    );
  } catch (error) {
    // The test of the version failed: somebody else was faster.
    if (version !== undefined && isStatusReason(error, 'Invalid'))
      throw new StatusError('Conflict', `the status of ${key.name} was decided on an older look`, { cause: error });
    throw error;
  }
}

async function applyAction(action: Action, observation: Observation, effects: Effects): Promise<void> {
  const { client } = effects;
  const namespace = observation.application.metadata.namespace;
  switch (action.type) {
    case 'createRelease':
      return ensure(client, releases, action.release);
    case 'createVersion':
      return createVersion(action, observation, effects);
    case 'ensureService':
      return ensureService(observation, client);
    case 'scale':
      await client.patch(
        replicaSets,
        { namespace, name: versionName(observation, action.release) },
        {
          type: 'merge',
          body: {
            metadata: { resourceVersion: replicaSetOf(observation, action.release)?.metadata.resourceVersion },
            spec: { replicas: action.replicas },
          },
        },
        { fieldManager },
      );
      return undefined;
    case 'setServing':
      return setServing(action, observation, effects);
    case 'markForDeletion':
      for (const pod of podsOf(observation, action.pods))
        await patchPod(client, pod, {
          resourceVersion: pod.metadata.resourceVersion,
          annotations: { [annotations.deletionCost]: '-1000' },
        });
      return undefined;
    case 'setSplit':
      return setSplit(action.weights, observation, client);
    case 'askHealth':
      return askHealth({
        client,
        clock: effects.clock,
        release: releaseOf(observation, action.release),
        pods: podsOf(observation, action.pods),
        onAnswer: effects.onAnswer,
      });
    case 'deleteVersion':
      await remove(client, services, { namespace, name: versionName(observation, action.release) });
      return remove(client, replicaSets, { namespace, name: versionName(observation, action.release) });
    case 'deleteRelease':
      return remove(client, releases, { namespace, name: action.release });
    case 'deleteCommand':
      return remove(client, releaseCommands, { namespace, name: action.name });
    case 'setFinalizer':
      return setFinalizer(action.present, observation, client);
    case 'removeRoute':
      return remove(client, splits, { namespace, name: observation.application.metadata.name ?? '' });
    case 'event':
      effects.recorder.event(
        { object: observation.application, type: applications },
        { type: action.kind, reason: action.reason, message: action.message },
      );
      return undefined;
  }
}

function releaseOf({ releases: all }: Observation, name: string): Release {
  const release = all.find((each) => nameOf(each) === name);
  if (release === undefined) throw new StatusError('NotFound', `release ${name} is gone`);
  return release;
}

function versionName(observation: Observation, release: string): string {
  return backendName(releaseOf(observation, release).spec);
}

function replicaSetOf(observation: Observation, release: string): ReplicaSet | undefined {
  const name = versionName(observation, release);
  return observation.replicaSets.find(({ metadata }) => metadata.name === name);
}

function podsOf(observation: Observation, names: readonly string[]): readonly Pod[] {
  return observation.pods.filter(({ metadata }) => names.includes(metadata.name ?? ''));
}

async function ensure<T extends KubeObject>(client: KubeClient, type: ResourceType<T>, object: T): Promise<void> {
  try {
    await client.create(type, object, { fieldManager });
  } catch (error) {
    // Done by an earlier look that did not live to see it.
    if (!isStatusReason(error, 'AlreadyExists')) throw error;
  }
}

async function remove(
  client: KubeClient,
  type: ResourceType,
  key: { readonly namespace?: string | undefined; readonly name: string },
): Promise<void> {
  try {
    await client.delete(type, key);
  } catch (error) {
    if (!isStatusReason(error, 'NotFound')) throw error;
  }
}

function ownMetadata(
  observation: Observation,
  release: Release,
): { readonly labels: Readonly<Record<string, string>>; readonly annotations: Readonly<Record<string, string>> } {
  const { name = '', uid = '' } = observation.application.metadata;
  return {
    labels: { [labels.application]: name, [labels.release]: nameOf(release) },
    annotations: { [annotations.ownerUid]: uid, [annotations.version]: release.spec.version },
  };
}

async function createVersion(
  { release, replicas }: { readonly release: Release; readonly replicas: number },
  observation: Observation,
  { client }: Effects,
): Promise<void> {
  const own = ownMetadata(observation, release);
  const { namespace } = observation.application.metadata;
  const name = backendName(release.spec);
  const selector = own.labels;
  if (release.spec.service !== undefined) {
    await ensure<Service>(client, services, {
      metadata: { name, namespace, ...own },
      spec: { ...release.spec.service, type: 'ClusterIP', selector: { ...selector, [labels.backend]: 'true' } },
    });
  }
  await ensure<ReplicaSet>(client, replicaSets, {
    metadata: { name, namespace, ...own },
    spec: { replicas, selector: { matchLabels: selector }, template: podTemplate(release, own) },
  });
}

/** The user's template with our labels, and with what every pod is told of itself. */
function podTemplate(release: Release, own: ReturnType<typeof ownMetadata>): PodTemplateSpec {
  const { template, version, application, environmentFrom = [] } = release.spec;
  const environment = [
    { name: 'APP_NAME', value: application },
    { name: 'APP_VERSION', value: version },
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
  ];
  const containers = (template.spec?.containers ?? []).map((container) => {
    const given = new Set((container.env ?? []).map(({ name }) => name));
    return {
      ...container,
      env: [...environment.filter(({ name }) => !given.has(name)), ...(container.env ?? [])],
      ...(environmentFrom.length === 0 ? {} : { envFrom: [...environmentFrom, ...(container.envFrom ?? [])] }),
    };
  });
  return {
    metadata: {
      ...template.metadata,
      labels: { ...template.metadata?.labels, ...own.labels, [labels.backend]: 'true' },
      annotations: { ...template.metadata?.annotations, ...own.annotations },
    },
    spec: { ...template.spec, containers },
  };
}

/** The Service that users of the Application know. Its selector is written once and never changes. */
async function ensureService({ application, services: known }: Observation, client: KubeClient): Promise<void> {
  const { name = '', namespace, uid = '' } = application.metadata;
  const existing = known.find(({ metadata }) => metadata.name === name);
  if (existing !== undefined && !isOurs(existing, uid))
    throw new StatusError(
      'Conflict',
      `the Service ${name} exists and does not belong to this Application; rename one of them`,
    );
  if (existing !== undefined) return;
  const selector = { [labels.application]: name, [labels.serves]: 'true' };
  await ensure<Service>(client, services, {
    metadata: { name, namespace, labels: { [labels.application]: name }, annotations: { [annotations.ownerUid]: uid } },
    spec: { ...application.spec.service, selector },
  });
}

/** The template decides for pods to come, the label for those there are; neither restarts anything. */
async function setServing(
  action: Extract<Action, { type: 'setServing' }>,
  observation: Observation,
  { client, clock }: Effects,
): Promise<void> {
  const { namespace } = observation.application.metadata;
  const value = action.serves ? 'true' : null;
  // What takes traffic away is done only to what was seen; what gives it may be done to anything newer.
  const seen = ({ metadata }: KubeObject): { readonly resourceVersion?: string | undefined } =>
    action.serves ? {} : { resourceVersion: metadata.resourceVersion };
  if (action.template) {
    const template = { metadata: { labels: { [labels.serves]: value } } };
    const set = replicaSetOf(observation, action.release);
    const metadata = set === undefined ? {} : seen(set);
    await client.patch(
      replicaSets,
      { namespace, name: versionName(observation, action.release) },
      { type: 'merge', body: { metadata, spec: { template } } },
      { fieldManager },
    );
  }
  const backend = action.backend === undefined ? {} : { [labels.backend]: action.backend ? 'true' : null };
  const marks = {
    [annotations.leftAt]: action.serves ? null : formatTime(clock.now()),
    [annotations.deletionCost]: null,
  };
  await Promise.all(
    podsOf(observation, action.pods).map((pod) =>
      patchPod(client, pod, { ...seen(pod), labels: { [labels.serves]: value, ...backend }, annotations: marks }),
    ),
  );
}

async function patchPod(
  client: KubeClient,
  { metadata: { namespace, name = '' } }: Pod,
  metadata: object,
): Promise<void> {
  await client.patch(pods, { namespace, name }, { type: 'merge', body: { metadata } }, { fieldManager });
}

async function setSplit(
  weights: Readonly<Record<string, number>>,
  observation: Observation,
  client: KubeClient,
): Promise<void> {
  const { name = '', namespace, uid = '' } = observation.application.metadata;
  const { route, service, drainSeconds } = observation.application.spec;
  const [port] = service?.ports ?? [];
  const backends = Object.entries(weights).map(([release, weight]): SplitBackend => {
    const { spec } = releaseOf(observation, release);
    return { service: backendName(spec), port: port?.name ?? port?.port ?? 80, version: spec.version, weight };
  });
  const { redirectWww, compression, responseHeaders, tls } = route ?? {};
  const rule = {
    hosts: route?.hosts ?? [],
    paths: route?.paths ?? ['/'],
    backends,
    redirectWww,
    compression,
    responseHeaders,
    tls,
  };
  const split: Split = {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'Split',
    metadata: {
      name,
      namespace,
      resourceVersion: observation.split?.metadata.resourceVersion,
      labels: { [labels.application]: name },
      annotations: { [annotations.ownerUid]: uid },
    },
    spec: { application: name, rules: [rule], ...(drainSeconds === undefined ? {} : { drainSeconds }) },
  };
  await client.patch(
    splits,
    { namespace, name },
    { type: 'apply', body: JSON.parse(JSON.stringify(split)), force: true },
    { fieldManager },
  );
}

async function setFinalizer(present: boolean, { application }: Observation, client: KubeClient): Promise<void> {
  const { namespace, name = '', finalizers = [], resourceVersion } = application.metadata;
  const others = finalizers.filter((each) => each !== teardownFinalizer);
  const next = present ? [...others, teardownFinalizer] : others;
  await client.patch(
    applications,
    { namespace, name },
    { type: 'merge', body: { metadata: { resourceVersion, finalizers: next.length === 0 ? null : next } } },
    { fieldManager },
  );
}
