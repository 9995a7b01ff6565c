import type { Ingress, IngressLoadBalancerIngress } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type ControllerOptions } from '@slipway/kube/controller-runtime';
import type { Informer } from '@slipway/kube/informer';
import { keyOf } from '@slipway/kube/object';
import { ingresses } from '@slipway/kube/resources';
import { isOurs } from './routing/build-routes.ts';

type Addresses = readonly IngressLoadBalancerIngress[];

export interface IngressAddressesOptions extends Omit<ControllerOptions, 'sources' | 'workers'> {
  readonly client: KubeClient;
  readonly informer: Informer<Ingress>;
  /** Where clients reach this gateway. */
  readonly address: string;
}

interface Observed {
  readonly ingress: Ingress;
  readonly address: string;
}

/** An Ingress of ours has our address; one that has become another controller's loses ours and nothing else. */
export function reconcileAddress({ ingress, address }: Observed): Plan<never, Addresses> {
  if (ingress.metadata.deletionTimestamp !== undefined) return { actions: [] };
  const present = ingress.status?.loadBalancer?.ingress ?? [];
  const isPublished = present.length === 1 && present[0]?.ip === address;
  if (isOurs(ingress)) return isPublished ? { actions: [] } : { actions: [], status: [{ ip: address }] };
  return isPublished ? { actions: [], status: [] } : { actions: [] };
}

/** Says in the status of Ingresses where they are served, which is what people read and scripts wait for. */
export function publishIngressAddresses({ client, informer, address, ...options }: IngressAddressesOptions): void {
  const controller: Controller<Observed, never, Addresses> = {
    name: 'ingress-addresses',
    observe(key) {
      const ingress = informer.get(key);
      return ingress === undefined ? undefined : { ingress, address };
    },
    reconcile: reconcileAddress,
    async apply({ status }, { ingress }, signal) {
      if (status === undefined) return;
      const body = {
        metadata: { resourceVersion: ingress.metadata.resourceVersion },
        status: { loadBalancer: status.length === 0 ? null : { ingress: status } },
      };
      await client.patch(ingresses, keyOf(ingress), { type: 'merge', body }, { subresource: 'status', signal });
    },
  };
  runController(controller, {
    ...options,
    workers: 1,
    sources: [source(informer, ({ current }) => (current === undefined ? [] : [keyOf(current)]))],
  });
}
