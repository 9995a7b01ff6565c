import type { Endpoints, EndpointSlice, Pod, Service } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import { serviceKeysOf } from '@slipway/kube/endpoint-slices';
import type { InformerChange } from '@slipway/kube/informer';
import { keyOf, keyString, parseKey, type ObjectKey } from '@slipway/kube/object';
import { endpoints, endpointSlices } from '@slipway/kube/resources';
import { matchesServiceSelector } from '@slipway/kube/selector';
import { isStatusReason } from '@slipway/kube/status-error';
import type { ControllerContext } from '../controller-context.ts';
import { afterOwnWrites, OwnWrites } from '@slipway/kube/own-writes';
import { selectedBy, selectorOfService, selectorsFor } from '../label-index.ts';
import { byService } from '../shared-informers.ts';
import { planEndpoints, type EndpointsAction } from './plan-endpoints.ts';
import { leaderAnnotation, mirrorManager, planMirror } from './mirror-endpoints.ts';
import { managedByLabel, planSlices, sliceManager, type SliceAction } from './plan-slices.ts';
import { calculateEndpointGroups, type ServicePods } from './service-endpoints.ts';

export interface ServiceEndpointsObserved {
  /** Undefined when there is no such Service any more; its slices go by garbage collection. */
  readonly servicePods: ServicePods | undefined;
  readonly slices: readonly EndpointSlice[];
  /** Of Endpoints that somebody else writes. */
  readonly mirrored: readonly EndpointSlice[];
  readonly endpoints: Endpoints | undefined;
}

export type ServiceEndpointsAction =
  | SliceAction
  | EndpointsAction
  | { readonly kind: 'deleteEndpoints'; readonly endpoints: Endpoints };

/** A Service without a selector has endpoints that somebody else writes, as Endpoints or as slices of his own. */
export function reconcileServiceEndpoints(observed: ServiceEndpointsObserved): Plan<ServiceEndpointsAction> {
  const { servicePods, slices } = observed;
  if (servicePods === undefined) return { actions: planLeftover(observed.endpoints) };
  const { service, pods } = servicePods;
  const { selector, type } = service.spec ?? {};
  if (type === 'ExternalName' || service.metadata.deletionTimestamp !== undefined) return { actions: [] };
  if (selector === undefined || Object.keys(selector).length === 0) {
    return { actions: planMirror(service, observed.endpoints, observed.mirrored) };
  }
  return {
    actions: [
      ...planSlices(service, calculateEndpointGroups(servicePods), slices),
      ...planMirror(service, undefined, observed.mirrored),
      ...planEndpoints(service, pods, observed.endpoints),
    ],
  };
}

function planLeftover(leftover: Endpoints | undefined): readonly ServiceEndpointsAction[] {
  if (leftover === undefined || leftover.metadata.annotations?.[leaderAnnotation] !== undefined) return [];
  return leftover.metadata.deletionTimestamp === undefined ? [{ kind: 'deleteEndpoints', endpoints: leftover }] : [];
}

export function startEndpointSliceController(context: ControllerContext): RunningController {
  const writes = new OwnWrites(context.clock);
  const { informers } = context;
  return runController(afterOwnWrites(new EndpointSliceController(context, writes), writes), {
    ...context,
    sources: [
      source(informers.services, ({ old, current }) => keysOf(current ?? old)),
      source(informers.pods, (change) => servicesOfPod(change, context)),
      source(informers.endpointSlices, ({ old, current }) => serviceOfSlice(current ?? old)),
      source(informers.endpoints, ({ old, current }) => keysOf(current ?? old)),
    ],
  });
}

function keysOf(object: Service | Endpoints | undefined): readonly ObjectKey[] {
  return object === undefined ? [] : [keyOf(object)];
}

function serviceOfSlice(slice: EndpointSlice | undefined): readonly ObjectKey[] {
  return slice === undefined ? [] : serviceKeysOf(slice).map(parseKey);
}

function* servicesOfPod({ old, current }: InformerChange<Pod>, { informers }: ControllerContext): Iterable<ObjectKey> {
  const maySelect = [old, current].flatMap((pod) => selectorsFor(informers.services, pod));
  for (const service of new Set(maySelect)) {
    const { selector } = service.spec ?? {};
    const isConcerned = [old, current].some((pod) => pod && matchesServiceSelector(selector, pod.metadata.labels));
    if (isConcerned) yield keyOf(service);
  }
}

class EndpointSliceController implements Controller<ServiceEndpointsObserved, ServiceEndpointsAction> {
  readonly name = 'endpointslice';
  readonly #context: ControllerContext;
  readonly #writes: OwnWrites;

  constructor(context: ControllerContext, writes: OwnWrites) {
    this.#context = context;
    this.#writes = writes;
  }

  async observe(key: ObjectKey): Promise<ServiceEndpointsObserved> {
    const { informers } = this.#context;
    const service = informers.services.get(key);
    const all = informers.endpointSlices.byIndex(byService, keyString(key));
    const keptBy = (manager: string): readonly EndpointSlice[] =>
      all.filter(({ metadata }) => metadata.labels?.[managedByLabel] === manager);
    return {
      servicePods: service === undefined ? undefined : this.#podsOf(service),
      slices: keptBy(sliceManager),
      mirrored: keptBy(mirrorManager),
      endpoints: informers.endpoints.get(key),
    };
  }

  #podsOf(service: Service): ServicePods {
    const { informers } = this.#context;
    const { selector } = service.spec ?? {};
    const { namespace } = service.metadata;
    const candidates = selectedBy(informers.pods, { namespace, selector: selectorOfService(service) });
    return {
      service,
      pods: candidates.filter(({ metadata }) => matchesServiceSelector(selector, metadata.labels)),
      nodeOf: (name) => informers.nodes.get({ name }),
    };
  }

  reconcile(observed: ServiceEndpointsObserved): Plan<ServiceEndpointsAction> {
    return reconcileServiceEndpoints(observed);
  }

  /** Nobody who reads slices waits for the Endpoints, which are another object; the next look waits for both. */
  async apply({ actions }: Plan<ServiceEndpointsAction>, observed: ServiceEndpointsObserved): Promise<void> {
    const service = observed.servicePods?.service;
    const ofSlices = actions.filter((action) => 'slice' in action);
    const ofEndpoints = actions.filter((action) => !('slice' in action));
    const ended = await Promise.allSettled([this.#actAll(ofSlices, service), this.#actAll(ofEndpoints, service)]);
    const failed = ended.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  async #actAll(actions: readonly ServiceEndpointsAction[], service: Service | undefined): Promise<void> {
    for (const action of actions) await this.#act(action, service);
  }

  async #act(action: ServiceEndpointsAction, service: Service | undefined): Promise<void> {
    const { client, informers } = this.#context;
    switch (action.kind) {
      case 'createSlice':
        this.#wroteSlice(service, await client.create(endpointSlices, action.slice));
        return;
      case 'updateSlice':
        this.#wroteSlice(service, await client.update(endpointSlices, action.slice));
        return;
      case 'deleteSlice':
        await this.#deleteSlice(action.slice, service);
        return;
      case 'writeEndpoints': {
        const written = await this.#writeEndpoints(action.endpoints);
        this.#writes.wrote(keyOf(written), informers.endpoints, written);
        return;
      }
      case 'deleteEndpoints': {
        const { uid } = action.endpoints.metadata;
        await client.delete(endpoints, keyOf(action.endpoints), { preconditions: { uid } });
        this.#writes.deleted(keyOf(action.endpoints), informers.endpoints, action.endpoints);
        return;
      }
    }
  }

  #wroteSlice(service: Service | undefined, slice: EndpointSlice): void {
    if (service !== undefined) this.#writes.wrote(keyOf(service), this.#context.informers.endpointSlices, slice);
  }

  async #deleteSlice(slice: EndpointSlice, service: Service | undefined): Promise<void> {
    const { client, informers } = this.#context;
    const { uid } = slice.metadata;
    try {
      await client.delete(endpointSlices, keyOf(slice), { preconditions: { uid } });
    } catch (error) {
      if (!isStatusReason(error, 'NotFound')) throw error;
    }
    if (service !== undefined) this.#writes.deleted(keyOf(service), informers.endpointSlices, slice);
  }

  #writeEndpoints(object: Endpoints): Promise<Endpoints> {
    const { client } = this.#context;
    const isNew = object.metadata.resourceVersion === undefined;
    return isNew ? client.create(endpoints, object) : client.update(endpoints, object);
  }
}
