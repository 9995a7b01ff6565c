import type { Service } from '@slipway/kube/api.generated';
import type { EventRecorder } from '@slipway/kube/event-recorder';
import type { Informer } from '@slipway/kube/informer';
import { services } from '@slipway/kube/resources';
import type { ServiceProxyOptions } from './service-proxy.ts';

/** Says in an event of the Service that one of its addresses cannot be listened on, and why. */
export function tellFaults(
  known: Pick<Informer<Service>, 'get'>,
  events: Pick<EventRecorder, 'event'>,
): NonNullable<ServiceProxyOptions['onFault']> {
  return ({ service }, message) => {
    const object = known.get(service);
    if (object !== undefined) {
      events.event({ object, type: services }, { type: 'Warning', reason: 'PortNotServed', message });
    }
  };
}
