/** `pods/eviction`: a delete that asks the PodDisruptionBudget of the pod first. https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/ */
import type { Condition, Pod, PodCondition, PodDisruptionBudget } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { findCondition, isConditionTrue, setCondition } from '@slipway/kube/conditions';
import type { KubeObject } from '@slipway/kube/object';
import { matchesLabelSelector } from '@slipway/kube/selector';
import { StatusError } from '@slipway/kube/status-error';
import type { TransportRequest, TransportResponse } from '@slipway/kube/transport';
import type { ResourceDefinition } from '../schema/definition.ts';
import { isJsonObject, type JsonObject } from '../schema/shape.ts';
import { conflict, forbidden, staleObject } from './api-errors.ts';
import { readDeleteOptions, type DeleteOptions } from './delete-options.ts';
import { isDryRun, isDryRunOf } from './dry-run.ts';
import type { ResourceRequest } from './resource-request.ts';
import type { ResourceVerbs } from './resource-verbs.ts';
import type { WriteRequest } from './write-request.ts';

/** More evictions than these that nobody has confirmed mean that nobody counts them. */
const maximumDisruptedPods = 2_000;
/** When a budget should be known again that has changed just now. */
const retryAfterSeconds = 10;
const refusal = "Cannot evict pod as it would violate the pod's disruption budget.";

interface Eviction {
  readonly at: ResourceRequest;
  readonly pod: Pod;
  readonly options: DeleteOptions;
  readonly dryRun: boolean;
}

export async function evict(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  const body = bodyOf(request, at.path.name);
  const given = isJsonObject(body['deleteOptions']) ? body['deleteOptions'] : {};
  const { definition, path } = at;
  const pod: Pod = at.resources.get({ definition, namespace: path.namespace, name: path.name });
  const isTried = isDryRunOf(given);
  const dryRun = isDryRun(request) || isTried;
  const eviction: Eviction = { at, pod, options: readDeleteOptions(given, request.query), dryRun };
  await at.verbs.delete({ ...deletionOf(eviction), dryRun: true });
  const budget = isFree(pod) ? undefined : findBudget(eviction);
  const goesUnhealthy = budget !== undefined && mayGoUnhealthy(pod, budget);
  if (budget !== undefined && !goesUnhealthy) await takeFromBudget(eviction, budget);
  await remove(eviction, goesUnhealthy);
  return {
    status: 201,
    headers: {},
    body: { kind: 'json', value: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } },
  };
}

function bodyOf({ body }: TransportRequest, name: string): JsonObject {
  const json = body !== undefined && 'json' in body && isJsonObject(body.json) ? body.json : undefined;
  if (json === undefined || json['kind'] !== 'Eviction') {
    throw new StatusError('BadRequest', 'an eviction needs a body of kind Eviction of policy/v1');
  }
  const metadata = isJsonObject(json['metadata']) ? json['metadata'] : {};
  if (metadata['name'] !== undefined && metadata['name'] !== '' && metadata['name'] !== name) {
    throw new StatusError('BadRequest', 'name in URL does not match name in Eviction object');
  }
  return json;
}

const freePhases: ReadonlySet<string> = new Set(['Pending', 'Succeeded', 'Failed']);

/** A pod that has ended, has not begun or is leaving anyway serves nobody. One of which nobody knows may serve. */
function isFree({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined || freePhases.has(status?.phase ?? '');
}

function findBudget({ at, pod }: Eviction): PodDisruptionBudget | undefined {
  const budgets: readonly PodDisruptionBudget[] = at.resources
    .list(budgetDefinition(at), at.path.namespace)
    .map((stored) => at.resources.cache.parse(stored));
  const matching = budgets.filter(({ spec }) => matchesLabelSelector(spec?.selector, pod.metadata.labels));
  if (matching.length > 1) {
    throw new StatusError(
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  return matching[0];
}

function budgetDefinition({ catalog }: ResourceRequest): ResourceDefinition {
  const definition = catalog.find('policy', 'v1', 'poddisruptionbudgets');
  if (definition === undefined) throw new StatusError('InternalError', 'PodDisruptionBudgets are not served');
  return definition;
}

function isReady({ status }: Pod): boolean {
  return isConditionTrue(status?.conditions, 'Ready');
}

/** A pod that is not ready is no part of what the budget keeps, as long as the budget is kept without it. */
function mayGoUnhealthy(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  if (isReady(pod)) return false;
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy;
}

/** Two evictions at once see each other: the second is decided on what the first has left. */
async function takeFromBudget(eviction: Eviction, { metadata }: PodDisruptionBudget): Promise<void> {
  const { at, pod, dryRun } = eviction;
  const write = statusWrite(eviction, { definition: budgetDefinition(at), name: metadata.name ?? '' });
  const now = at.clock.now();
  await at.verbs.change({ ...write, dryRun }, (current) => charged(current, { pod, now, at }));
}

function charged(
  current: PodDisruptionBudget,
  { pod, now, at }: { readonly pod: Pod; readonly now: number; readonly at: ResourceRequest },
): PodDisruptionBudget {
  const { metadata, status } = current;
  if (status === undefined || (status.observedGeneration ?? 0) < (metadata.generation ?? 0))
    throw stillUnknown(current);
  const disrupted = status.disruptedPods ?? {};
  if (Object.keys(disrupted).length > maximumDisruptedPods) {
    const why = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw forbidden(budgetDefinition(at).type, metadata.name ?? '', why);
  }
  if (status.disruptionsAllowed <= 0) throw exhausted(current);
  const disruptionsAllowed = status.disruptionsAllowed - 1;
  return {
    ...current,
    status: {
      ...status,
      disruptionsAllowed,
      disruptedPods: { ...disrupted, [pod.metadata.name ?? '']: formatTime(now) },
      conditions: disruptionsAllowed > 0 ? status.conditions : withoutAllowance(status.conditions ?? [], current, now),
    },
  };
}

function withoutAllowance(
  conditions: readonly Condition[],
  { metadata }: PodDisruptionBudget,
  now: number,
): readonly Condition[] {
  const condition: Condition = {
    type: 'DisruptionAllowed',
    status: 'False',
    reason: 'InsufficientPods',
    message: '',
    lastTransitionTime: formatTime(now),
    observedGeneration: metadata.generation,
  };
  return setCondition(conditions, condition, now);
}

function stillUnknown({ metadata }: PodDisruptionBudget): StatusError {
  const message = `The disruption budget ${metadata.name ?? ''} is still being processed by the server.`;
  return tooMany({ causes: [{ reason: 'DisruptionBudget', message }], retryAfterSeconds });
}

function exhausted({ metadata, status }: PodDisruptionBudget): StatusError {
  const condition = findCondition(status?.conditions, 'DisruptionAllowed');
  const { desiredHealthy = 0, currentHealthy = 0 } = status ?? {};
  const message =
    condition?.reason === 'SyncFailed'
      ? (condition.message ?? '')
      : `The disruption budget ${metadata.name ?? ''} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  return tooMany({ causes: [{ reason: 'DisruptionBudget', message }] });
}

function tooMany(details: NonNullable<StatusError['details']>): StatusError {
  return new StatusError('TooManyRequests', refusal, { details });
}

function deletionOf({ at, pod, options }: Eviction): Parameters<ResourceVerbs['delete']>[0] {
  const { definition, path, identity } = at;
  const preconditions = { ...options.preconditions, uid: options.preconditions?.uid ?? pod.metadata.uid };
  const target = { definition, namespace: path.namespace, name: path.name };
  // Kubernetes asks of an eviction as it is created, and not again of the delete that it is.
  return { ...target, identity, ...options, preconditions, dryRun: false, warn: () => {}, asks: 'nobody' };
}

/** The pod says why it goes, before it goes. One that goes because it is not ready must not have become so meanwhile. */
async function remove(eviction: Eviction, goesUnhealthy: boolean): Promise<void> {
  const { at, pod, dryRun } = eviction;
  const deletion = deletionOf(eviction);
  if (dryRun) return;
  if (pod.metadata.deletionTimestamp === undefined) {
    const now = at.clock.now();
    // As in Kubernetes the mark is part of the eviction, of which webhooks have been asked.
    const write = {
      ...statusWrite(eviction, { definition: at.definition, name: at.path.name }),
      asks: 'nobody',
    } as const;
    await at.verbs.change(write, (current) => {
      if (goesUnhealthy && isReady(current)) throw conflict(at.definition.type, at.path.name, staleObject);
      return marked(current, { uid: pod.metadata.uid, now });
    });
  }
  // The mark has changed the version; whoever named one was asked before.
  const { uid } = deletion.preconditions ?? {};
  await at.verbs.delete({ ...deletion, preconditions: { uid } });
}

function marked(current: Pod, { uid, now }: { readonly uid: string | undefined; readonly now: number }): KubeObject {
  if (current.metadata.uid !== uid) return current;
  const condition: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastTransitionTime: formatTime(now),
  };
  const next: Pod = {
    ...current,
    status: { ...current.status, conditions: setCondition(current.status?.conditions ?? [], condition, now) },
  };
  return next;
}

function statusWrite(
  { at }: Pick<Eviction, 'at'>,
  { definition, name }: { readonly definition: ResourceDefinition; readonly name: string },
): WriteRequest {
  return {
    identity: at.identity,
    definition,
    namespace: at.path.namespace,
    name,
    subresource: 'status',
    dryRun: false,
    fieldManager: 'kube-apiserver',
    fieldValidation: 'Ignore',
    warn: () => {},
  };
}
