import type { Deployment, DeploymentStatus, Pod, ReplicaSet } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import type { InformerChange } from '@slipway/kube/informer';
import { messageOf } from '@slipway/kube/message-of';
import { keyOf, type KubeObject, type ObjectKey } from '@slipway/kube/object';
import { controllerOf, isControlledBy } from '@slipway/kube/owner-references';
import { deployments, replicaSets } from '@slipway/kube/resources';
import { matchesLabelSelector } from '@slipway/kube/selector';
import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import type { ControllerContext } from '../controller-context.ts';
import { partsFor, type ControllerParts } from '../controller-parts.ts';
import { afterOwnWrites } from '@slipway/kube/own-writes';
import { adopt, release } from '../ownership/write-claims.ts';
import { isPodFinished } from '../pods.ts';
import { byController, byNamespace, candidatesOf } from '../shared-informers.ts';
import { writeStatus } from '../write-status.ts';
import { progressing, progressReasons, withCondition } from './deployment-conditions.ts';
import { isSameTemplate } from './pod-template-hash.ts';
import { reconcileDeployment, type DeploymentAction, type DeploymentObserved } from './reconcile-deployment.ts';
import { revisionAnnotation } from './revisions.ts';
import { replicasOf } from './rollout-limits.ts';

export function startDeploymentController(context: ControllerContext): RunningController {
  const parts = partsFor(context, 'deployment-controller');
  const { informers } = context;
  return runController(afterOwnWrites(new DeploymentController(parts), parts.writes), {
    ...context,
    sources: [
      source(informers.deployments, deploymentKey),
      source(informers.replicaSets, (change) => keysOfReplicaSet(change, context)),
      source(informers.pods, (change) => keysOfPod(change, context)),
    ],
  });
}

function* deploymentKey({ old, current }: InformerChange<Deployment>): Iterable<ObjectKey> {
  const object = current ?? old;
  if (object !== undefined) yield keyOf(object);
}

function* keysOfReplicaSet(
  { old, current }: InformerChange<ReplicaSet>,
  { informers }: ControllerContext,
): Iterable<ObjectKey> {
  const [before, after] = [managerOf(old), managerOf(current)];
  if (after !== undefined) yield after;
  if (before !== undefined && before.name !== after?.name) yield before;
  if (current === undefined || controllerOf(current) !== undefined) return;
  for (const deployment of informers.deployments.byIndex(byNamespace, current.metadata.namespace ?? '')) {
    if (matchesLabelSelector(deployment.spec?.selector, current.metadata.labels)) yield keyOf(deployment);
  }
}

/** Only the end of a pod matters, to `Recreate`: all else the ReplicaSets tell. */
function* keysOfPod({ old, current }: InformerChange<Pod>, { informers }: ControllerContext): Iterable<ObjectKey> {
  const pod = current ?? old;
  if (pod === undefined || (current !== undefined && !isPodFinished(current))) return;
  const owner = controllerOf(pod);
  if (owner?.kind !== 'ReplicaSet') return;
  const replicaSet = informers.replicaSets.get({ namespace: pod.metadata.namespace, name: owner.name });
  const deployment = managerOf(replicaSet);
  if (deployment !== undefined) yield deployment;
}

function managerOf(object: KubeObject | undefined): ObjectKey | undefined {
  const reference = object === undefined ? undefined : controllerOf(object);
  return reference?.kind === 'Deployment' ? { namespace: object?.metadata.namespace, name: reference.name } : undefined;
}

class DeploymentController implements Controller<DeploymentObserved, DeploymentAction, DeploymentStatus> {
  readonly name = 'deployment';
  readonly #parts: ControllerParts;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
  }

  observe(key: ObjectKey): DeploymentObserved | undefined {
    const { informers } = this.#parts.context;
    const deployment = informers.deployments.get(key);
    if (deployment === undefined) return undefined;
    return {
      deployment,
      candidates: candidatesOf(deployment, informers.replicaSets),
      podsOf: (uid) => informers.pods.byIndex(byController, uid),
    };
  }

  reconcile(observed: DeploymentObserved, now: number): Plan<DeploymentAction, DeploymentStatus> {
    return reconcileDeployment(observed, now);
  }

  async apply(plan: Plan<DeploymentAction, DeploymentStatus>, { deployment }: DeploymentObserved): Promise<void> {
    let current = deployment;
    for (const action of plan.actions) current = await this.#act(action, current);
    if (plan.status === undefined) return;
    const { client, informers } = this.#parts.context;
    const written = await writeStatus(client, deployments, { object: current, status: plan.status });
    this.#parts.writes.wrote(keyOf(deployment), informers.deployments, written);
  }

  /** Returns the Deployment as it is afterwards: the status is written on the condition that nobody else changed it. */
  async #act(action: DeploymentAction, deployment: Deployment): Promise<Deployment> {
    const { client } = this.#parts.context;
    const owner = { type: deployments, object: deployment };
    switch (action.kind) {
      case 'adopt':
        this.#wrote(deployment, await adopt(client, owner, { type: replicaSets, object: action.replicaSet }));
        return deployment;
      case 'release':
        this.#wrote(deployment, await release(client, deployment, { type: replicaSets, object: action.replicaSet }));
        return deployment;
      case 'create':
        await this.#create(deployment, action.replicaSet);
        return deployment;
      case 'update':
        await this.#update(deployment, action);
        return deployment;
      case 'delete':
        await this.#delete(deployment, action.replicaSet);
        return deployment;
      case 'setRevision':
        return this.#setRevision(deployment, action.revision);
    }
  }

  async #create(deployment: Deployment, replicaSet: ReplicaSet): Promise<void> {
    try {
      this.#wrote(deployment, await this.#parts.context.client.create(replicaSets, replicaSet));
    } catch (error) {
      if (isStatusReason(error, 'AlreadyExists')) {
        await this.#resolveCollision(deployment, replicaSet);
        return;
      }
      await this.#recordCreateError(deployment, replicaSet, error);
      throw error;
    }
    const replicas = replicasOf(replicaSet);
    if (replicas === 0) return;
    this.#event(deployment, `Scaled up replica set ${replicaSet.metadata.name ?? ''} from 0 to ${replicas}`);
  }

  /** The name is taken: by our own ReplicaSet that the cache does not show yet, or by another template with the same hash. */
  async #resolveCollision(deployment: Deployment, planned: ReplicaSet): Promise<void> {
    const { client, informers } = this.#parts.context;
    const existing = await client.get(replicaSets, keyOf(planned));
    if (isControlledBy(existing, deployment) && isSameTemplate(existing.spec?.template, planned.spec?.template)) {
      this.#wrote(deployment, existing);
      return;
    }
    const status = { ...deployment.status, collisionCount: (deployment.status?.collisionCount ?? 0) + 1 };
    const written = await writeStatus(client, deployments, { object: deployment, status });
    this.#parts.writes.wrote(keyOf(deployment), informers.deployments, written);
    // The rest of the plan was decided for a ReplicaSet that does not exist.
    const name = planned.metadata.name ?? '';
    throw new StatusError('AlreadyExists', `replica set "${name}" exists with another template; another hash is tried`);
  }

  async #recordCreateError(deployment: Deployment, replicaSet: ReplicaSet, error: unknown): Promise<void> {
    const { client, clock, informers } = this.#parts.context;
    const text = messageOf(error);
    const message = `Failed to create new replica set "${replicaSet.metadata.name ?? ''}": ${text}`;
    this.#parts.events.event(
      { object: deployment, type: deployments },
      { type: 'Warning', reason: progressReasons.createError, message },
    );
    const failed = { type: progressing, status: 'False', reason: progressReasons.createError, message };
    const known = deployment.status?.conditions ?? [];
    const conditions = withCondition(known, failed, clock.now());
    if (conditions === known) return;
    const status = { ...deployment.status, conditions };
    const written = await writeStatus(client, deployments, { object: deployment, status });
    this.#parts.writes.wrote(keyOf(deployment), informers.deployments, written);
  }

  async #update(
    deployment: Deployment,
    { before, after }: { readonly before: ReplicaSet; readonly after: ReplicaSet },
  ): Promise<void> {
    const { resourceVersion } = before.metadata;
    const body = {
      metadata: { resourceVersion, annotations: after.metadata.annotations },
      spec: { replicas: after.spec?.replicas, minReadySeconds: after.spec?.minReadySeconds ?? null },
    };
    this.#wrote(
      deployment,
      await this.#parts.context.client.patch(replicaSets, keyOf(before), { type: 'merge', body }),
    );
    const [from, to] = [replicasOf(before), replicasOf(after)];
    if (from === to) return;
    const direction = from < to ? 'up' : 'down';
    this.#event(deployment, `Scaled ${direction} replica set ${before.metadata.name ?? ''} from ${from} to ${to}`);
  }

  async #delete(deployment: Deployment, replicaSet: ReplicaSet): Promise<void> {
    const { client, informers } = this.#parts.context;
    const { uid, resourceVersion } = replicaSet.metadata;
    try {
      // The resourceVersion, because somebody may have given it replicas since.
      await client.delete(replicaSets, keyOf(replicaSet), { preconditions: { uid, resourceVersion } });
    } catch (error) {
      if (!isStatusReason(error, 'NotFound')) throw error;
    }
    this.#parts.writes.deleted(keyOf(deployment), informers.replicaSets, replicaSet);
  }

  async #setRevision(deployment: Deployment, revision: string): Promise<Deployment> {
    const { client, informers } = this.#parts.context;
    const { resourceVersion } = deployment.metadata;
    const body = { metadata: { resourceVersion, annotations: { [revisionAnnotation]: revision } } };
    const written = await client.patch(deployments, keyOf(deployment), { type: 'merge', body });
    this.#parts.writes.wrote(keyOf(deployment), informers.deployments, written);
    return { ...deployment, metadata: { ...deployment.metadata, resourceVersion: written.metadata.resourceVersion } };
  }

  #wrote(deployment: Deployment, replicaSet: ReplicaSet): void {
    this.#parts.writes.wrote(keyOf(deployment), this.#parts.context.informers.replicaSets, replicaSet);
  }

  #event(object: Deployment, message: string): void {
    this.#parts.events.event({ object, type: deployments }, { type: 'Normal', reason: 'ScalingReplicaSet', message });
  }
}
