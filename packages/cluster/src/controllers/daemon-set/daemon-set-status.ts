import type { DaemonSetStatus } from '@slipway/kube/api.generated';
import { isPodReady } from '../pods.ts';
import { isAvailable, isNewest, type DaemonSetView } from './daemon-set-view.ts';

/** Of several pods on a node the oldest counts. */
export function calculateDaemonSetStatus(view: DaemonSetView): DaemonSetStatus {
  const { set, places } = view;
  const wanted = places.filter(({ verdict }) => verdict === 'run');
  const pods = wanted.flatMap(({ pods: [oldest] }) => oldest ?? []);
  const available = pods.filter((pod) => isAvailable(view, pod)).length;
  return {
    currentNumberScheduled: pods.length,
    numberMisscheduled: places.filter(({ verdict, pods: there }) => verdict !== 'run' && there.length > 0).length,
    desiredNumberScheduled: wanted.length,
    numberReady: pods.filter(isPodReady).length,
    observedGeneration: set.metadata.generation,
    updatedNumberScheduled: pods.filter((pod) => isNewest(view, pod)).length || undefined,
    numberAvailable: available || undefined,
    numberUnavailable: wanted.length - available || undefined,
    ...(set.status?.collisionCount === undefined ? {} : { collisionCount: set.status.collisionCount }),
    ...(set.status?.conditions === undefined ? {} : { conditions: set.status.conditions }),
  };
}
