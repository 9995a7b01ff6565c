import type {
  AutoscalingV2HorizontalPodAutoscaler,
  AutoscalingV2HorizontalPodAutoscalerStatus,
} from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import { apiVersionOf, keyOf, type KubeObject, type ObjectKey, type ResourceType } from '@slipway/kube/object';
import { afterOwnWrites } from '@slipway/kube/own-writes';
import { horizontalPodAutoscalers } from '@slipway/kube/resources';
import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import { partsFor, type ControllerParts } from '../controller-parts.ts';
import type { LateContext } from '../controller-context.ts';
import { writeStatus } from '../write-status.ts';
import {
  reconcileAutoscaler,
  type AutoscalerAction,
  type AutoscalerObserved,
  type Scale,
} from './reconcile-autoscaler.ts';

type Autoscaler = AutoscalingV2HorizontalPodAutoscaler;
type Status = AutoscalingV2HorizontalPodAutoscalerStatus;

export function startPodAutoscalerController(context: LateContext): RunningController {
  const parts = partsFor(context, 'horizontal-pod-autoscaler');
  const { horizontalPodAutoscalers: informer } = context.informers;
  return runController(afterOwnWrites(new PodAutoscalerController(parts, context.namespacedTypes), parts.writes), {
    ...context,
    workers: 1,
    sources: [source(informer, ({ current }) => (current === undefined ? [] : [keyOf(current)]))],
  });
}

interface ScaleObject extends KubeObject {
  readonly spec?: { readonly replicas?: number | undefined } | undefined;
  readonly status?: { readonly replicas?: number | undefined } | undefined;
}

class PodAutoscalerController implements Controller<AutoscalerObserved, AutoscalerAction, Status> {
  readonly name = 'horizontal-pod-autoscaler';
  readonly #parts: ControllerParts;
  readonly #types: () => readonly ResourceType[];

  constructor(parts: ControllerParts, types: () => readonly ResourceType[]) {
    this.#parts = parts;
    this.#types = types;
  }

  async observe(key: ObjectKey): Promise<AutoscalerObserved | undefined> {
    const autoscaler = this.#parts.context.informers.horizontalPodAutoscalers.get(key);
    if (autoscaler?.spec === undefined || autoscaler.metadata.deletionTimestamp !== undefined) return undefined;
    return { autoscaler, scale: await this.#scaleOf(autoscaler) };
  }

  async #scaleOf(autoscaler: Autoscaler): Promise<Scale | string> {
    const { namespace } = autoscaler.metadata;
    const name = autoscaler.spec?.scaleTargetRef.name ?? '';
    try {
      const type = this.#targetType(autoscaler);
      const scale = await this.#parts.context.client.get(type, { namespace, name }, { subresource: 'scale' });
      return { wanted: scale.spec?.replicas ?? 0, current: scale.status?.replicas ?? 0 };
    } catch (error) {
      if (isStatusReason(error, 'NotFound', 'MethodNotAllowed')) return error.message;
      throw error;
    }
  }

  #targetType({ spec }: Autoscaler): ResourceType<ScaleObject> {
    const { kind = '', apiVersion = '' } = spec?.scaleTargetRef ?? {};
    const found = this.#types().find((type) => type.kind === kind && apiVersionOf(type) === apiVersion);
    if (found !== undefined) return found;
    throw new StatusError('NotFound', `no matches for kind "${kind}" in version "${apiVersion}"`);
  }

  reconcile(observed: AutoscalerObserved, now: number): Plan<AutoscalerAction, Status> {
    return reconcileAutoscaler(observed, now);
  }

  async apply({ actions, status }: Plan<AutoscalerAction, Status>, { autoscaler }: AutoscalerObserved): Promise<void> {
    const { client, informers } = this.#parts.context;
    for (const action of actions) await this.#scale(autoscaler, action);
    if (status === undefined) return;
    const written = await writeStatus(client, horizontalPodAutoscalers, { object: autoscaler, status });
    this.#parts.writes.wrote(keyOf(autoscaler), informers.horizontalPodAutoscalers, written);
  }

  async #scale(autoscaler: Autoscaler, { replicas, reason }: AutoscalerAction): Promise<void> {
    const { namespace } = autoscaler.metadata;
    const key = { namespace, name: autoscaler.spec?.scaleTargetRef.name ?? '' };
    const body = { spec: { replicas } };
    const type = this.#targetType(autoscaler);
    await this.#parts.context.client.patch(type, key, { type: 'merge', body }, { subresource: 'scale' });
    this.#parts.events.event(
      { object: autoscaler, type: horizontalPodAutoscalers },
      { type: 'Normal', reason: 'SuccessfulRescale', message: `New size: ${replicas}; reason: ${reason}` },
    );
  }
}
