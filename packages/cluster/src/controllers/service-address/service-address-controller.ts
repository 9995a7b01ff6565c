import type { Service, ServiceStatus } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import { keyOf, type ObjectKey } from '@slipway/kube/object';
import { services } from '@slipway/kube/resources';
import type { ControllerContext } from '../controller-context.ts';
import { isSemanticallyEqual } from '../semantic-equality.ts';
import { writeStatus } from '../write-status.ts';

/**
 * A Service of type LoadBalancer is reached at its cluster IP, which this machine has a way to, at the port that it says;
 * one that is no such Service any more loses that.
 */
export function reconcileServiceAddress(service: Service): Plan<never, ServiceStatus> {
  const { spec, status, metadata } = service;
  // A Service with a class belongs to somebody else's controller.
  if (metadata.deletionTimestamp !== undefined || spec?.loadBalancerClass !== undefined) return { actions: [] };
  const ip = spec?.type === 'LoadBalancer' ? spec.clusterIP : undefined;
  const loadBalancer = ip === undefined ? {} : { ingress: [{ ip, ipMode: 'VIP' }] };
  const isCurrent = isSemanticallyEqual(status?.loadBalancer?.ingress, loadBalancer.ingress);
  return { actions: [], status: isCurrent ? undefined : { ...status, loadBalancer } };
}

export function startServiceAddressController(context: ControllerContext): RunningController {
  const { informers, client } = context;
  const controller: Controller<Service, never, ServiceStatus> = {
    name: 'service-address',
    observe: (key: ObjectKey) => informers.services.get(key),
    reconcile: reconcileServiceAddress,
    async apply({ status }, service) {
      if (status !== undefined) await writeStatus(client, services, { object: service, status });
    },
  };
  return runController(controller, {
    ...context,
    workers: 1,
    sources: [source(informers.services, ({ current }) => (current === undefined ? [] : [keyOf(current)]))],
  });
}
