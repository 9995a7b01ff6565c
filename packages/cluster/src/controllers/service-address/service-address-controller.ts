import type { Service, ServiceStatus } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import { keyOf, type ObjectKey } from '@slipway/kube/object';
import { services } from '@slipway/kube/resources';
import type { ControllerContext } from '../controller-context.ts';
import { isSemanticallyEqual } from '../semantic-equality.ts';
import { writeStatus } from '../write-status.ts';

export interface ServiceAddressObserved {
  readonly service: Service;
  readonly address: string;
}

/** A Service of type LoadBalancer has the address of this machine; one that is no such Service any more loses it. */
export function reconcileServiceAddress({ service, address }: ServiceAddressObserved): Plan<never, ServiceStatus> {
  const { spec, status, metadata } = service;
  // A Service with a class belongs to somebody else's controller.
  if (metadata.deletionTimestamp !== undefined || spec?.loadBalancerClass !== undefined) return { actions: [] };
  const loadBalancer = spec?.type === 'LoadBalancer' ? { ingress: [{ ip: address, ipMode: 'VIP' }] } : {};
  const isCurrent = isSemanticallyEqual(status?.loadBalancer?.ingress, loadBalancer.ingress);
  return { actions: [], status: isCurrent ? undefined : { ...status, loadBalancer } };
}

export function startServiceAddressController(context: ControllerContext, address: string): RunningController {
  const { informers, client } = context;
  const controller: Controller<ServiceAddressObserved, never, ServiceStatus> = {
    name: 'service-address',
    observe(key: ObjectKey) {
      const service = informers.services.get(key);
      return service === undefined ? undefined : { service, address };
    },
    reconcile: reconcileServiceAddress,
    async apply({ status }, { service }) {
      if (status !== undefined) await writeStatus(client, services, { object: service, status });
    },
  };
  return runController(controller, {
    ...context,
    workers: 1,
    sources: [source(informers.services, ({ current }) => (current === undefined ? [] : [keyOf(current)]))],
  });
}
