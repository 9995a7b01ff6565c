import type { Lease, Pod } from '@slipway/kube/api.generated';
import type { Clock } from '@slipway/kube/clock';
import { observedEndpointsAnnotation } from '@slipway/kube/split';
import type { ServiceRouting } from '../../network/service-routing.ts';

/** A silent gateway must not keep a pod from ending. */
const limitMilliseconds = 1_000;

export interface EndpointsGoneOptions {
  readonly routing: Pick<ServiceRouting, 'isRouted' | 'departureOf' | 'onApplied'>;
  /** Those of gateways. */
  readonly leases: { list(): readonly Lease[]; onChange(listener: () => void): () => void };
  readonly clock: Clock;
}

/** Resolves when neither the service proxy nor a live gateway sends anything new to the pod, and after a second in any case. */
export function createEndpointsGone(options: EndpointsGoneOptions): (pod: Pod) => Promise<void> {
  return (pod) =>
    new Promise((resolve) => {
      const stops: (() => void)[] = [];
      const end = (): void => {
        for (const stop of stops.splice(0)) stop();
        resolve();
      };
      const check = (): void => {
        if (isGone(pod.metadata.uid ?? '', options)) end();
      };
      stops.push(
        options.routing.onApplied(check),
        options.leases.onChange(check),
        options.clock.schedule(limitMilliseconds, end),
      );
      check();
    });
}

function isGone(podUid: string, { routing, leases, clock }: EndpointsGoneOptions): boolean {
  if (routing.isRouted(podUid)) {
    return false;
  }
  const departure = routing.departureOf(podUid);
  return departure === undefined || leases.list().every((lease) => hasObserved(lease, departure, clock.now()));
}

/** A gateway that has not renewed its lease in time is dead: nothing arrives through it. */
export function hasObserved({ metadata, spec }: Lease, resourceVersion: number, now: number): boolean {
  const expires = Date.parse(spec?.renewTime ?? '') + (spec?.leaseDurationSeconds ?? 0) * 1_000;
  const isLive = expires > now;
  return !isLive || Number(metadata.annotations?.[observedEndpointsAnnotation] ?? 0) >= resourceVersion;
}
